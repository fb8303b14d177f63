/* What vmhad says of this host's lease: the file that it renews on a RAM disk, read and judged. No I/O here. */
#ifndef VMHA_LEASE_H
#define VMHA_LEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LEASE_FILE_MAX = 4096, NONCE_MAX = 64, BOOT_ID_MAX = 64, WHY_MAX = 200 };

/* No lease can run longer than this; a file that says so is garbage. */
#define LEASE_MS_MAX INT64_C(60000)

enum lease_state {
  LEASE_NONE,  /* none proven in this boot */
  LEASE_HELD,
  LEASE_SEALED /* this epoch is sealed or certified: destroy, never resume */
};

struct lease {
  enum lease_state state;
  bool by_lease; /* `lease` is among the AZ's proofs: without it nothing is ever paused */
  int64_t epoch;
  int64_t deadline_ms;
  int64_t kill_after_ms;
  int64_t grace_ms;
  int64_t release_after_ms;
  int64_t pool_seen;
  int64_t pool_size;
  int64_t leading_deadline_ms;
  int64_t caller_pid;
  int64_t written_ms;
  char nonce[NONCE_MAX + 1];
};

/*
 * Reads TEXT, which must be of this boot. On failure LEASE is untouched and WHY (of WHY_MAX bytes) holds a sentence: what was expected,
 * what was found.
 */
bool lease_parse(const char *text, size_t length, const char *boot_id, int64_t now_ms, struct lease *lease, char *why);

#endif

#include "lease.h"

#include <stdio.h>
#include <string.h>

/* Deadlines may lie this far ahead of what the newest reading of the clock makes possible: the writer read it later than we did. */
#define CLOCK_SLACK_MS INT64_C(1000)
#define GRACE_MS_MAX INT64_C(60000)
#define RELEASE_MS_MAX (INT64_C(7) * 24 * 3600 * 1000)
#define HOSTS_MAX INT64_C(100000)
#define PID_MAX INT64_C(4194304)

enum key {
  KEY_FORMAT, KEY_HOST, KEY_BOOT_ID, KEY_EPOCH, KEY_STATE, KEY_PROOFS, KEY_DEADLINE, KEY_KILL_AFTER, KEY_GRACE, KEY_RELEASE_AFTER,
  KEY_POOL_SEEN, KEY_POOL_SIZE, KEY_LEADING, KEY_CALLER, KEY_WRITTEN, KEY_NONCE, KEYS
};

static const char *const KEY_NAMES[KEYS] = {
  "format", "host", "boot_id", "epoch", "state", "proofs", "deadline_boottime_ms", "kill_after_ms", "grace_ms", "release_after_ms",
  "pool_seen", "pool_size", "leading_deadline_boottime_ms", "caller_pid", "written_boottime_ms", "self_test_nonce"};

struct span {
  const char *at;
  size_t length;
};

static bool is(struct span s, const char *text) { return s.length == strlen(text) && memcmp(s.at, text, s.length) == 0; }

static bool number(struct span s, int64_t max, int64_t *out) {
  int64_t value = 0;
  if (s.length == 0 || s.length > 18) {
    return false;
  }
  for (size_t i = 0; i < s.length; i++) {
    if (s.at[i] < '0' || s.at[i] > '9') {
      return false;
    }
    value = value * 10 + (s.at[i] - '0');
  }
  *out = value;
  return value <= max;
}

static bool complain(char *why, const char *what, struct span found) {
  snprintf(why, WHY_MAX, "%s, found '%.*s'", what, (int)(found.length > 60 ? 60 : found.length), found.at == NULL ? "" : found.at);
  return false;
}

static bool split(const char *text, size_t length, struct span values[KEYS], char *why) {
  const char *end = text + length;
  if (length == 0 || end[-1] != '\n') {
    snprintf(why, WHY_MAX, "the lease file is empty or cut off: its last line must end");
    return false;
  }
  for (const char *line = text; line < end;) {
    const char *stop = memchr(line, '\n', (size_t)(end - line));
    const char *equals = memchr(line, '=', (size_t)(stop - line));
    if (equals == NULL) {
      return complain(why, "expected key=value in the lease file", (struct span){line, (size_t)(stop - line)});
    }
    struct span name = {line, (size_t)(equals - line)};
    for (int key = 0; key < KEYS; key++) {
      if (is(name, KEY_NAMES[key])) {
        if (values[key].at != NULL) {
          return complain(why, "expected each key once in the lease file", name);
        }
        values[key] = (struct span){equals + 1, (size_t)(stop - equals - 1)};
      }
    }
    line = stop + 1;
  }
  return true;
}

/* The list is short and its order free. An unknown proof is of a newer vmhad, and none of ours to enforce. */
static bool has_lease_proof(struct span proofs) {
  const char *end = proofs.at + proofs.length;
  for (const char *word = proofs.at; word < end;) {
    const char *comma = memchr(word, ',', (size_t)(end - word));
    const char *stop = comma == NULL ? end : comma;
    if (is((struct span){word, (size_t)(stop - word)}, "lease")) {
      return true;
    }
    word = stop + 1;
  }
  return false;
}

bool lease_parse(const char *text, size_t length, const char *boot_id, int64_t now_ms, struct lease *lease, char *why) {
  struct span values[KEYS];
  struct lease read;
  memset(values, 0, sizeof values);
  memset(&read, 0, sizeof read);
  if (!split(text, length, values, why)) {
    return false;
  }
  if (values[KEY_FORMAT].at == NULL || !is(values[KEY_FORMAT], "1")) {
    return complain(why, "expected format=1 in the lease file: vmhad and vmha-guard are of different releases", values[KEY_FORMAT]);
  }
  for (int key = 0; key < KEYS; key++) {
    if (values[key].at == NULL && key != KEY_HOST) {
      snprintf(why, WHY_MAX, "expected a line %s= in the lease file, found none", KEY_NAMES[key]);
      return false;
    }
  }
  if (!is(values[KEY_BOOT_ID], boot_id)) {
    return complain(why, "the lease file is of another boot", values[KEY_BOOT_ID]);
  }
  if (is(values[KEY_STATE], "none")) {
    read.state = LEASE_NONE;
  } else if (is(values[KEY_STATE], "held")) {
    read.state = LEASE_HELD;
  } else if (is(values[KEY_STATE], "sealed")) {
    read.state = LEASE_SEALED;
  } else {
    return complain(why, "expected state none, held or sealed in the lease file", values[KEY_STATE]);
  }
  const struct {
    enum key key;
    int64_t max;
    int64_t *into;
  } numbers[] = {
    {KEY_EPOCH, INT64_MAX, &read.epoch},
    {KEY_DEADLINE, now_ms + LEASE_MS_MAX, &read.deadline_ms},
    {KEY_KILL_AFTER, GRACE_MS_MAX, &read.kill_after_ms},
    {KEY_GRACE, GRACE_MS_MAX, &read.grace_ms},
    {KEY_RELEASE_AFTER, RELEASE_MS_MAX, &read.release_after_ms},
    {KEY_POOL_SEEN, HOSTS_MAX, &read.pool_seen},
    {KEY_POOL_SIZE, HOSTS_MAX, &read.pool_size},
    {KEY_LEADING, now_ms + LEASE_MS_MAX, &read.leading_deadline_ms},
    {KEY_CALLER, PID_MAX, &read.caller_pid},
    {KEY_WRITTEN, now_ms + CLOCK_SLACK_MS, &read.written_ms},
  };
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    if (!number(values[numbers[i].key], numbers[i].max, numbers[i].into)) {
      char what[120];
      snprintf(what, sizeof what, "expected %s in the lease file to be a number up to %lld", KEY_NAMES[numbers[i].key],
               (long long)numbers[i].max);
      return complain(why, what, values[numbers[i].key]);
    }
  }
  if (read.kill_after_ms < 1 || read.grace_ms < read.kill_after_ms) {
    return complain(why, "expected 1 <= kill_after_ms <= grace_ms in the lease file", values[KEY_KILL_AFTER]);
  }
  if (values[KEY_NONCE].length > NONCE_MAX) {
    return complain(why, "expected a self_test_nonce of at most 64 bytes in the lease file", values[KEY_NONCE]);
  }
  memcpy(read.nonce, values[KEY_NONCE].at, values[KEY_NONCE].length);
  read.by_lease = has_lease_proof(values[KEY_PROOFS]);
  *lease = read;
  return true;
}

/* The last resort: a machine whose guests cannot be killed must not go on. */
#ifndef VMHA_RESET_H
#define VMHA_RESET_H

#include <stdbool.h>
#include <stdint.h>

enum reset_means { RESET_EXIT, RESET_REBOOT, RESET_SYSRQ, RESET_WATCHDOG };

/* The exit status with which the guard leaves it to whoever watches it to reset the machine. */
enum { EXIT_RESET = 70 };

struct reset {
  enum reset_means means;
  const char *device; /* of the watchdog */
  int watchdog;       /* its descriptor, or -1 */
  int64_t petted_ms;
  int64_t pulled_ms; /* 0: not */
  const char *why; /* why it would not work; empty if it would */
};

/* `exit`, `reboot`, `sysrq` or `watchdog:DEVICE`. */
bool reset_parse(const char *text, struct reset *reset);
const char *reset_name(const struct reset *reset);
void reset_open(struct reset *reset);

/* All is well: the watchdog is told. */
void reset_pet(struct reset *reset, int64_t now_ms);

/* Resets. Returns only while a watchdog runs down; does not return with `exit`. */
void reset_pull(struct reset *reset, int64_t now_ms);

/* The guard ends as planned: the watchdog is disarmed. */
void reset_close(struct reset *reset);

#endif

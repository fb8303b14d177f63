#include "reset.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <unistd.h>

/* Long enough for a busy host, short enough that a stuck kernel is not served by a lease's grace twice over. */
enum { WATCHDOG_S = 5 };
#define PET_EVERY_MS INT64_C(500)
/* A watchdog that has not fired by then never will. */
#define WATCHDOG_LIMIT_MS INT64_C(8000)

bool reset_parse(const char *text, struct reset *reset) {
  memset(reset, 0, sizeof *reset);
  reset->watchdog = -1;
  reset->why = "";
  if (strcmp(text, "exit") == 0) {
    reset->means = RESET_EXIT;
  } else if (strcmp(text, "reboot") == 0) {
    reset->means = RESET_REBOOT;
  } else if (strcmp(text, "sysrq") == 0) {
    reset->means = RESET_SYSRQ;
  } else if (strncmp(text, "watchdog:", 9) == 0 && text[9] == '/') {
    reset->means = RESET_WATCHDOG;
    reset->device = text + 9;
  } else {
    return false;
  }
  return true;
}

const char *reset_name(const struct reset *reset) {
  switch (reset->means) {
    case RESET_EXIT: return "exit";
    case RESET_REBOOT: return "reboot";
    case RESET_SYSRQ: return "sysrq";
    case RESET_WATCHDOG: return reset->device;
  }
  return "";
}

void reset_open(struct reset *reset) {
  if (reset->means == RESET_SYSRQ && access("/proc/sysrq-trigger", W_OK) != 0) {
    reset->why = "/proc/sysrq-trigger cannot be written";
  } else if (reset->means == RESET_REBOOT && geteuid() != 0) {
    reset->why = "only root can reboot the machine";
  } else if (reset->means == RESET_WATCHDOG) {
    int seconds = WATCHDOG_S;
    reset->watchdog = open(reset->device, O_WRONLY | O_CLOEXEC);
    if (reset->watchdog < 0) {
      reset->why = "the watchdog device cannot be opened: load its module, and see that nobody else feeds it";
    } else if (ioctl(reset->watchdog, WDIOC_SETTIMEOUT, &seconds) != 0 || seconds > 2 * WATCHDOG_S) {
      reset->why = "the watchdog device does not take a time limit of 5 s";
    }
  }
}

void reset_pet(struct reset *reset, int64_t now_ms) {
  if (reset->watchdog >= 0 && reset->pulled_ms == 0 && now_ms - reset->petted_ms >= PET_EVERY_MS) {
    reset->petted_ms = now_ms;
    if (ioctl(reset->watchdog, WDIOC_KEEPALIVE, 0) != 0 && reset->why[0] == '\0') {
      reset->why = "the watchdog device does not take its food";
    }
  }
}

static void trigger(void) {
  int fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);
  if (fd >= 0 && write(fd, "b", 1) == 1) {
    pause();
  }
  reboot(RB_AUTOBOOT); /* without sync, which a dead storage would hold up */
  fprintf(stderr, "the machine could not be reset, the service manager must do it why=\"%s\"\n", strerror(errno));
  _exit(EXIT_RESET);
}

void reset_pull(struct reset *reset, int64_t now_ms) {
  if (reset->pulled_ms == 0) {
    reset->pulled_ms = now_ms;
    fprintf(stderr, "resetting the machine means=%s\n", reset_name(reset));
  }
  switch (reset->means) {
    case RESET_EXIT: _exit(EXIT_RESET);
    case RESET_REBOOT:
      reboot(RB_AUTOBOOT);
      fprintf(stderr, "the machine could not be rebooted, the service manager must do it why=\"%s\"\n", strerror(errno));
      _exit(EXIT_RESET);
    case RESET_SYSRQ:
      trigger();
      break;
    case RESET_WATCHDOG:
      if (now_ms - reset->pulled_ms > WATCHDOG_LIMIT_MS || reset->why[0] != '\0') {
        trigger();
      }
      break;
  }
}

void reset_close(struct reset *reset) {
  if (reset->watchdog >= 0) {
    if (write(reset->watchdog, "V", 1) != 1) {
      fprintf(stderr, "the watchdog device could not be disarmed and will reset the machine device=%s\n", reset->device);
    }
    close(reset->watchdog);
  }
}

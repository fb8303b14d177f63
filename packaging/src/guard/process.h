/* Other processes, told apart by pid and start, and signalled without hitting a stranger that got the same pid. */
#ifndef VMHA_PROCESS_H
#define VMHA_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Milliseconds of CLOCK_BOOTTIME, which counts through suspend. */
int64_t boottime_ms(void);

struct process {
  char state;      /* as in /proc/PID/stat: R, S, D, T, Z… */
  int64_t started; /* clock ticks since boot */
};

/* False if there is no such process, or only what is left of one. */
bool process_read(int64_t pid, struct process *process);

int64_t process_started_ms(const struct process *process);

/* Sends SIGNAL if PID is still the process that began at STARTED. */
bool process_signal(int64_t pid, int64_t started, int signal);

/* Reads a whole small file; -1 with errno. The rest of a file that is larger is left out, and LENGTH is then SIZE. */
int64_t read_file(const char *path, char *text, size_t size);

#endif

#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int64_t boottime_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t read_file(const char *path, char *text, size_t size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    return -1;
  }
  size_t length = 0;
  while (length < size) {
    ssize_t n = read(fd, text + length, size - length);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      int why = errno;
      close(fd);
      errno = why;
      return -1;
    }
    if (n == 0) {
      break;
    }
    length += (size_t)n;
  }
  close(fd);
  return (int64_t)length;
}

bool process_read(int64_t pid, struct process *process) {
  char path[48];
  char text[1024];
  snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
  int64_t length = read_file(path, text, sizeof text - 1);
  if (length <= 0) {
    return false;
  }
  text[length] = '\0';
  const char *at = strrchr(text, ')'); /* the name before it may hold anything */
  long long started = 0;
  if (at == NULL
      || sscanf(at + 1, " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lld", &process->state, &started) != 2) {
    return false;
  }
  process->started = started;
  return process->state != 'Z' && process->state != 'X';
}

int64_t process_started_ms(const struct process *process) {
  long per_second = sysconf(_SC_CLK_TCK);
  return process->started * 1000 / (per_second > 0 ? per_second : 100);
}

bool process_signal(int64_t pid, int64_t started, int signal) {
  struct process found;
  int fd = pid > 1 ? (int)syscall(SYS_pidfd_open, (pid_t)pid, 0) : -1;
  if (fd < 0 && (pid <= 1 || errno != ENOSYS)) {
    return false;
  }
  bool sent = process_read(pid, &found) && found.started == started
              && (fd < 0 ? kill((pid_t)pid, signal) : (int)syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0)) == 0;
  if (fd >= 0) {
    close(fd);
  }
  return sent;
}

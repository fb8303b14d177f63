#include "journal.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static unsigned long long lost;

/* Room for a socket or a pipe is room for a line: they call themselves writable with some thousand bytes free. */
static ssize_t put(const char *text, size_t length) {
  struct pollfd out = {STDERR_FILENO, POLLOUT, 0};
  return poll(&out, 1, 0) == 1 && (out.revents & POLLOUT) ? write(STDERR_FILENO, text, length) : -1;
}

static ssize_t write_or_drop(void *cookie, const char *text, size_t length) {
  (void)cookie;
  char line[80];
  if (lost > 0) {
    int size = snprintf(line, sizeof line, "the journal took nothing for a while pieces_lost=%llu\n", lost);
    if (put(line, (size_t)size) >= 0) {
      lost = 0;
    }
  }
  lost += put(text, length) < 0;
  return (ssize_t)length; /* an error would be stdio's for good */
}

void journal_never_waits(void) {
  static char buffer[1024];
  cookie_io_functions_t functions = {NULL, write_or_drop, NULL, NULL};
  FILE *journal = fopencookie(NULL, "w", functions);
  if (journal != NULL) {
    stderr = journal;
  }
  setvbuf(stderr, buffer, _IOLBF, sizeof buffer);
}

/* Preloaded into a daemon whose wall clock is to be moved: CLOCK_REALTIME as the file $WALLCLOCK says, every other clock as it is.
 *
 * The file is three 64-bit numbers: an offset in nanoseconds, the CLOCK_MONOTONIC since which the clock runs at another rate, and how many
 * nanoseconds it gains each second from then on. It is mapped, so that a change is seen at once and a look costs nothing. libfaketime does the
 * same and more, but makes a JVM start eight times slower.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *plan;

__attribute__((constructor)) static void map(void) {
    const char *file = getenv("WALLCLOCK");
    int fd = file ? open(file, O_RDONLY | O_CLOEXEC) : -1;
    void *at = fd < 0 ? MAP_FAILED : mmap(NULL, 24, PROT_READ, MAP_SHARED, fd, 0);
    if (fd >= 0) close(fd);
    if (at != MAP_FAILED) plan = at;
}

static int64_t nanos(clockid_t clock) {
    struct timespec t = {0, 0};
    syscall(SYS_clock_gettime, clock, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int64_t wall(void) {
    int64_t now = nanos(CLOCK_REALTIME);
    if (plan) {
        now += plan[0];
        if (plan[2]) now += (int64_t)((double)(nanos(CLOCK_MONOTONIC) - plan[1]) * 1e-9 * (double)plan[2]);
    }
    return now;
}

int clock_gettime(clockid_t clock, struct timespec *t) {
    if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) return (int)syscall(SYS_clock_gettime, clock, t);
    int64_t now = wall();
    t->tv_sec = now / 1000000000LL;
    t->tv_nsec = now % 1000000000LL;
    return 0;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone) {
    (void)zone;
    int64_t now = wall();
    t->tv_sec = now / 1000000000LL;
    t->tv_usec = now % 1000000000LL / 1000;
    return 0;
}

time_t time(time_t *t) {
    time_t now = wall() / 1000000000LL;
    if (t) *t = now;
    return now;
}

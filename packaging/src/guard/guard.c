/*
 * vmha-guard: keeps the promise that a host without a lease writes nothing (RECOVERY-PROTOCOL.md, S5 to S7, S9). It reads the deadline that
 * vmhad leaves on a RAM disk, and suspends, resumes, destroys or kills this host's guests; it does so when vmhad is dead or stalled, and
 * needs neither network nor disk. One thread, memory locked, nothing allocated after the start but what the C library does in opendir().
 */
#include "guests.h"
#include "journal.h"
#include "lease.h"
#include "process.h"
#include "reset.h"
#include "rules.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TICK_MS = 100, URGENT_TICK_MS = 20, STATUS_EVERY_MS = 250, LISTING_EVERY_MS = 1000, URGENT_LISTING_MS = 100, PATH_BYTES = 256 };
/* Between SIGTERM and the end the guard goes on, not armed, until the voters can know it. */
enum { LINGER_MS = 2500 };
/* "paused=", three numbers of at most twenty characters, the name, and what is between them */
enum { MEMORY_LINE_MAX = DOMAIN_ID_MAX + 80 };
/* A guard that was held up cannot promise to be in time; it says so for this long. */
enum { LATE_FOR_MS = 10000, SAME_AGAIN_MS = 1000, EXIT_USAGE = 64 };

static struct {
  char lease_path[PATH_BYTES];
  char status_path[PATH_BYTES];
  char memory_path[PATH_BYTES + 8];
  char guests_path[PATH_BYTES + 8];
  char boot_id[BOOT_ID_MAX];
  struct guests guests;
  struct reset reset;
  struct rules rules;
  struct orders orders;
  uint32_t lease_owner;
  char lease_why[WHY_MAX];
  char memory_why[WHY_MAX];
  char action[WHY_MAX];
  char tested[NONCE_MAX + 1]; /* the self-test that was passed last */
  char testing[NONCE_MAX + 1];
  int64_t testing_ms;
  pid_t dummy; /* a process of our own, to try a suspend on */
  int64_t ticked_ms;
  int64_t late_ms;
  int64_t late_by_ms;
  int64_t said_ms;
  int64_t term_ms; /* when SIGTERM was seen; 0: not */
  bool locked;
  bool realtime;
} guard;

static volatile sig_atomic_t terminated;

static void on_signal(int signal) {
  (void)signal;
  terminated = 1;
}

static void act(const char *what, const char *subject) {
  snprintf(guard.action, sizeof guard.action, "%s %.100s", what, subject);
  fprintf(stderr, "%s %s\n", what, subject);
}

/* ---- files ---- */

/* Whole or not at all: a reader sees the old text or the new one. */
static bool write_file(const char *path, const char *text, size_t length) {
  char part[PATH_BYTES + 16];
  snprintf(part, sizeof part, "%s.part", path);
  unlink(part); /* of a guard that died over it, or of somebody who wants us to write elsewhere */
  int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (fd < 0) {
    return false;
  }
  bool good = fchmod(fd, 0644) == 0 && write(fd, text, length) == (ssize_t)length;
  int why = errno;
  good = close(fd) == 0 && good;
  if (!good || rename(part, path) != 0) {
    why = good ? errno : why;
    unlink(part);
    errno = why == 0 ? ENOSPC : why;
    return false;
  }
  return true;
}

static void read_lease(int64_t now_ms) {
  static char text[LEASE_FILE_MAX + 1];
  struct lease lease;
  struct stat info;
  char why[WHY_MAX] = "";
  int64_t length = read_file(guard.lease_path, text, sizeof text);
  bool good = false;
  if (length < 0) {
    snprintf(why, sizeof why, "there is no lease file %.120s: %s; is vmhad running?", guard.lease_path, strerror(errno));
  } else if (length > LEASE_FILE_MAX) {
    snprintf(why, sizeof why, "expected a lease file of at most %d bytes, found more", LEASE_FILE_MAX);
  } else {
    good = lease_parse(text, (size_t)length, guard.boot_id, now_ms, &lease, why);
  }
  if (good && lstat(guard.lease_path, &info) == 0) { /* whoever made a link does not speak for the owner of what it leads to */
    guard.lease_owner = info.st_uid;
  }
  if (strcmp(why, guard.lease_why) != 0) {
    fprintf(stderr, good ? "lease file is good again%s\n" : "no good lease file why=\"%s\"\n", why);
    memcpy(guard.lease_why, why, sizeof why);
  }
  bool sealed = guard.rules.sealed;
  rules_on_lease(&guard.rules, now_ms, good ? &lease : NULL);
  if (guard.rules.sealed && !sealed) {
    act("this life of the host is sealed:", "its guests are destroyed");
  }
}

/* What a guard that is started anew must know: which guests it had suspended, and in which life of the host. */
static void remember(void) {
  static char text[DOMAINS_MAX * MEMORY_LINE_MAX + 512];
  const struct rules *rules = &guard.rules;
  int length = snprintf(text, sizeof text, "boot_id=%s\nlease=%d %d %lld %lld %lld %lld %lld\n", guard.boot_id, rules->bound, rules->sealed,
                        (long long)rules->lease.epoch, (long long)rules->end_ms, (long long)rules->lease.kill_after_ms,
                        (long long)rules->lease.grace_ms, (long long)rules->lease.release_after_ms);
  for (int i = 0; i < rules->count; i++) {
    const struct domain *domain = &rules->domains[i];
    if (domain->ours) {
      length += snprintf(text + length, sizeof text - (size_t)length, "paused=%lld %lld %lld %s\n", (long long)domain->pid,
                         (long long)domain->started, (long long)domain->epoch, domain->id);
    }
  }
  if (write_file(guard.memory_path, text, (size_t)length)) {
    guard.memory_why[0] = '\0';
    guard.rules.remember = false;
  } else {
    snprintf(guard.memory_why, sizeof guard.memory_why, "%.120s cannot be written: %s", guard.memory_path, strerror(errno));
  }
}

static void recall(int64_t now_ms) {
  static char text[DOMAINS_MAX * MEMORY_LINE_MAX + 512];
  int64_t length = read_file(guard.memory_path, text, sizeof text - 1);
  if (length <= 0) {
    return;
  }
  text[length] = '\0';
  char boot_id[BOOT_ID_MAX];
  int bound;
  int sealed;
  long long epoch;
  long long end;
  long long kill_after;
  long long grace;
  long long release;
  if (sscanf(text, "boot_id=%63[^\n]\nlease=%d %d %lld %lld %lld %lld %lld", boot_id, &bound, &sealed, &epoch, &end, &kill_after, &grace,
             &release) != 8 || strcmp(boot_id, guard.boot_id) != 0) {
    return;
  }
  struct lease lease;
  memset(&lease, 0, sizeof lease);
  lease.state = sealed ? LEASE_SEALED : LEASE_NONE;
  lease.by_lease = bound != 0;
  lease.epoch = epoch;
  lease.kill_after_ms = kill_after;
  lease.grace_ms = grace;
  lease.release_after_ms = release;
  rules_on_lease(&guard.rules, now_ms, &lease);
  guard.rules.current = false;
  guard.rules.end_ms = end <= now_ms + LEASE_MS_MAX ? end : 0;
  int paused = 0;
  for (const char *line = strstr(text, "\npaused="); line != NULL; line = strstr(line + 1, "\npaused=")) {
    long long pid;
    long long started;
    long long then;
    char id[DOMAIN_ID_MAX + 1];
    if (sscanf(line, "\npaused=%lld %lld %lld %95[^\n]", &pid, &started, &then, id) == 4) {
      rules_recall(&guard.rules, id, pid, started, then);
      paused++;
    }
  }
  guard.rules.remember = false;
  fprintf(stderr, "an earlier guard of this boot is succeeded guests_it_paused=%d\n", paused);
}

/* What runs here, for the daemon, which tells the voters (S12); asking libvirt once more would cost a process a second. */
static void list_guests(int64_t now_ms) {
  static char text[DOMAINS_MAX * (DOMAIN_ID_MAX + 16) + 256];
  static int64_t listed_ms;
  if (now_ms - listed_ms < LISTING_EVERY_MS) {
    return;
  }
  listed_ms = now_ms;
  int length = snprintf(text, sizeof text, "boot_id=%s\nwritten_boottime_ms=%lld\n", guard.boot_id, (long long)now_ms);
  for (int i = 0; i < guard.rules.count; i++) {
    const struct domain *domain = &guard.rules.domains[i];
    if (domain->state_ms >= 0) {
      length += snprintf(text + length, sizeof text - (size_t)length, "%s=%s\n", domain->state == DOMAIN_RUNNING ? "running" : "paused", domain->id);
    }
  }
  (void)write_file(guard.guests_path, text, (size_t)length); /* the status tells when files cannot be written */
}

/* ---- self-test and status ---- */

/* Suspends and resumes a process of our own: capabilities and filters may forbid what was allowed when this was written. */
static void self_test(int64_t now_ms) {
  const char *nonce = guard.rules.lease.nonce;
  struct process process;
  if (!guard.rules.current || nonce[0] == '\0' || strcmp(nonce, guard.tested) == 0) {
    return;
  }
  if (strcmp(nonce, guard.testing) != 0) {
    memcpy(guard.testing, nonce, sizeof guard.testing);
    guard.testing_ms = now_ms;
    kill(guard.dummy, SIGSTOP);
    return;
  }
  bool stopped = process_read(guard.dummy, &process) && process.state == 'T';
  bool listed = !guard.guests.libvirt || guard.guests.worker.listed_ms >= guard.testing_ms;
  if (stopped && listed && guests_problem(&guard.guests)[0] == '\0') {
    kill(guard.dummy, SIGCONT);
    memcpy(guard.tested, guard.testing, sizeof guard.tested);
  }
}

/* Empty: armed. Else the first thing that stands against it. */
static const char *objection(int64_t now_ms) {
  static char late[WHY_MAX];
  if (guard.term_ms != 0) {
    return "the guard is about to end";
  }
  if (!guard.rules.current) {
    return guard.lease_why;
  }
  if (guests_problem(&guard.guests)[0] != '\0') {
    return guests_problem(&guard.guests);
  }
  if (guard.rules.overflow) {
    return "more guests run here than the guard can hold";
  }
  if (guard.reset.why[0] != '\0') {
    return guard.reset.why;
  }
  if (guard.memory_why[0] != '\0') {
    return guard.memory_why;
  }
  if (guard.late_ms != 0 && now_ms - guard.late_ms < LATE_FOR_MS) {
    snprintf(late, sizeof late, "the guard was held up for %lld ms and may be again", (long long)guard.late_by_ms);
    return late;
  }
  if (guard.tested[0] == '\0') {
    return "the self-test is under way"; /* the first one; who asks again sees by the nonce how old the last answer is */
  }
  return "";
}

static void say(int64_t now_ms) {
  char text[2048];
  const char *why = objection(now_ms);
  int length = snprintf(
    text, sizeof text,
    "format=1\npid=%d\nboot_id=%s\nwritten_boottime_ms=%lld\narmed=%d\nreason=%s\nwatchdog=%s\nlocked=%d\nrealtime=%d\nleased=%d\n"
    "domains_running=%d\ndomains_paused=%d\nlast_action=%s\nself_test_nonce=%s\n",
    (int)getpid(), guard.boot_id, (long long)now_ms, why[0] == '\0', why, reset_name(&guard.reset), guard.locked, guard.realtime,
    rules_has_lease(&guard.rules, now_ms), rules_count(&guard.rules, DOMAIN_RUNNING), rules_count(&guard.rules, DOMAIN_PAUSED), guard.action,
    guard.tested);
  static bool silent;
  bool written = write_file(guard.status_path, text, (size_t)length);
  if (!written && !silent) {
    fprintf(stderr, "status not written, so this host is not armed path=%s why=\"%s\"\n", guard.status_path, strerror(errno));
  }
  silent = !written;
  guard.said_ms = now_ms;
}

static void notify(const char *text) {
  const char *path = getenv("NOTIFY_SOCKET");
  struct sockaddr_un address;
  memset(&address, 0, sizeof address);
  if (path == NULL || path[0] == '\0' || strlen(path) >= sizeof address.sun_path) {
    return;
  }
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, path, strlen(path));
  if (path[0] == '@') {
    address.sun_path[0] = '\0';
  }
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0) {
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&address, size) < 0) {
      fprintf(stderr, "the service manager was not told why=\"%s\"\n", strerror(errno));
    }
    close(fd);
  }
}

/* ---- the loop ---- */

/* S9. Only a process of the lease file's owner, that already ran when it was written: a pid is soon given to another. */
static void end_caller(int64_t pid) {
  struct process process;
  struct stat info;
  char path[48];
  snprintf(path, sizeof path, "/proc/%lld", (long long)pid);
  if (process_read(pid, &process) && stat(path, &info) == 0 && info.st_uid == guard.lease_owner
      && process_started_ms(&process) <= guard.rules.lease.written_ms && process_signal(pid, process.started, SIGKILL)) {
    char subject[64];
    snprintf(subject, sizeof subject, "pid=%lld: its leadership is not proven any more", (long long)pid);
    act("caller killed", subject);
  }
}

static void obey(int64_t now_ms) {
  static const char *const NAMES[] = {"", "suspended", "resumed", "destroyed", "killed"};
  if (guard.orders.kill_caller != 0) {
    end_caller(guard.orders.kill_caller);
  }
  if (guard.rules.remember) {
    remember(); /* also when this fails the orders are carried out: a guest that runs is worse than one that stays paused */
  }
  static struct {
    int kind;
    int count;
    int64_t at_ms;
  } told;
  int counts[5] = {0};
  for (int i = 0; i < guard.orders.count; i++) {
    counts[guard.orders.list[i].kind]++;
    guests_obey(&guard.guests, &guard.rules, now_ms, &guard.orders.list[i]);
  }
  for (int kind = 1; kind < 5; kind++) {
    /* one that the kernel does not let stop is asked again at each look: the first time stands, the rest is not told */
    bool again = told.kind == kind && told.count == counts[kind] && now_ms - told.at_ms < SAME_AGAIN_MS;
    if (counts[kind] > 0) {
      told.at_ms = now_ms;
      told.kind = kind;
      told.count = counts[kind];
    }
    if (counts[kind] > 0 && !again) {
      char subject[64];
      snprintf(subject, sizeof subject, "guests=%d at_boottime_ms=%lld", counts[kind], (long long)now_ms);
      act(NAMES[kind], subject);
    }
  }
  if (guard.orders.reset) {
    act("a guest cannot be killed:", "the machine is reset");
    say(now_ms);
    reset_pull(&guard.reset, now_ms);
  }
}

static void tick(void) {
  int64_t now_ms = boottime_ms();
  int64_t limit_ms = guard.rules.known ? guard.rules.lease.kill_after_ms / 2 : 500;
  if (guard.ticked_ms != 0 && now_ms - guard.ticked_ms > limit_ms) {
    guard.late_ms = now_ms;
    guard.late_by_ms = now_ms - guard.ticked_ms;
  }
  guard.ticked_ms = now_ms;
  bool urgent = rules_is_urgent(&guard.rules, now_ms);
  if (guard.guests.libvirt) {
    worker_receive(&guard.guests.worker, &guard.rules, now_ms);
    worker_tend(&guard.guests.worker, &guard.rules, now_ms, urgent ? URGENT_LISTING_MS : LISTING_EVERY_MS);
  }
  guests_list(&guard.guests, &guard.rules, now_ms);
  read_lease(now_ms);
  now_ms = boottime_ms(); /* the decision is about now, not about when reading began */
  rules_decide(&guard.rules, now_ms, &guard.orders);
  bool acted = guard.orders.count > 0 || guard.orders.kill_caller != 0;
  obey(now_ms);
  if (!guard.orders.reset) {
    reset_pet(&guard.reset, now_ms);
  }
  self_test(now_ms);
  list_guests(now_ms);
  if (guard.term_ms == 0 && terminated) {
    guard.term_ms = now_ms;
    act("told to end:", "guests are watched until the voters can know it");
    acted = true;
  }
  if (acted || now_ms - guard.said_ms >= STATUS_EVERY_MS) {
    say(now_ms);
    notify("WATCHDOG=1");
  }
}

static void doze(void) {
  struct pollfd sockets[2];
  nfds_t count = 0;
  if (guard.guests.libvirt && guard.guests.worker.pid > 0) {
    sockets[count++] = (struct pollfd){guard.guests.worker.orders, POLLIN, 0};
    sockets[count++] = (struct pollfd){guard.guests.worker.listings, POLLIN, 0};
  }
  int64_t now_ms = boottime_ms();
  int64_t wait_ms = rules_is_urgent(&guard.rules, now_ms) ? URGENT_TICK_MS : TICK_MS;
  if (guard.rules.bound && guard.rules.end_ms > now_ms && guard.rules.end_ms - now_ms < wait_ms) {
    wait_ms = guard.rules.end_ms - now_ms;
  }
  if (guard.orders.count > 0) {
    wait_ms = 1; /* after a resume the deadline is read again at once */
  }
  if (poll(sockets, count, (int)wait_ms) < 0 && errno != EINTR) {
    perror("poll");
  }
  for (nfds_t i = 0; i < count; i++) {
    if (sockets[i].revents & (POLLHUP | POLLERR)) {
      usleep(URGENT_TICK_MS * 1000); /* a worker that died is noticed by waitpid(): do not spin until then */
      break;
    }
  }
}

static void start_dummy(void) {
  guard.dummy = fork();
  if (guard.dummy == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, "vmha-guard-test");
    for (;;) {
      pause();
    }
  }
}

static void harden(void) {
  struct sched_param priority = {.sched_priority = 10};
  guard.locked = mlockall(MCL_CURRENT | MCL_FUTURE) == 0;
  guard.realtime = sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &priority) == 0;
  if (!guard.locked || !guard.realtime) {
    fprintf(stderr, "running without all its rights: it may be held up on a busy host locked=%d realtime=%d\n", guard.locked, guard.realtime);
  }
}

static int usage(void) {
  fputs("usage: vmha-guard [--lease FILE] [--status FILE] [--domains libvirt|pids:DIR] [--libvirt-uri URI] [--libvirt-pids DIR]\n"
        "                  [--reset exit|reboot|sysrq|watchdog:DEVICE]\n"
        "Suspends, resumes or destroys this host's guests as its lease begins and ends.\n"
        "  --lease FILE        what vmhad says of the lease (/run/vmha/lease)\n"
        "  --status FILE       where the guard says whether it is armed (/run/vmha/guard)\n"
        "  --domains libvirt   the guests are libvirt's (default)\n"
        "  --domains pids:DIR  the guests are the processes of DIR/NAME.pid, suspended by SIGSTOP\n"
        "  --libvirt-uri URI   (qemu:///system)\n"
        "  --libvirt-pids DIR  libvirt's pid files (/run/libvirt/qemu)\n"
        "  --reset MEANS       what happens when a guest cannot be killed (exit: only the guard ends, with status 70)\n",
        stderr);
  return EXIT_USAGE;
}

static bool keep(char *into, const char *text) { return snprintf(into, PATH_BYTES, "%s", text) < PATH_BYTES && text[0] == '/'; }

static bool parse(int count, char **words, const char **uri) {
  static const struct option OPTIONS[] = {
    {"lease", required_argument, NULL, 'l'}, {"status", required_argument, NULL, 's'}, {"domains", required_argument, NULL, 'd'},
    {"libvirt-uri", required_argument, NULL, 'u'}, {"libvirt-pids", required_argument, NULL, 'p'}, {"reset", required_argument, NULL, 'r'},
    {NULL, 0, NULL, 0}};
  const char *pids = "/run/libvirt/qemu";
  keep(guard.lease_path, "/run/vmha/lease");
  keep(guard.status_path, "/run/vmha/guard");
  guard.guests.libvirt = true;
  *uri = "qemu:///system";
  reset_parse("exit", &guard.reset);
  bool good = true;
  for (int option; (option = getopt_long(count, words, "", OPTIONS, NULL)) != -1;) {
    switch (option) {
      case 'l': good &= keep(guard.lease_path, optarg); break;
      case 's': good &= keep(guard.status_path, optarg); break;
      case 'd':
        guard.guests.libvirt = strcmp(optarg, "libvirt") == 0;
        good &= guard.guests.libvirt || strncmp(optarg, "pids:/", 6) == 0;
        guard.guests.directory = guard.guests.libvirt ? NULL : optarg + 5;
        break;
      case 'u': *uri = optarg; break;
      case 'p': pids = optarg; break;
      case 'r': good &= reset_parse(optarg, &guard.reset); break;
      default: good = false;
    }
  }
  if (guard.guests.directory == NULL) {
    guard.guests.directory = pids;
  }
  snprintf(guard.memory_path, sizeof guard.memory_path, "%s.memory", guard.status_path);
  snprintf(guard.guests_path, sizeof guard.guests_path, "%s.guests", guard.status_path);
  return good && optind == count;
}

int main(int count, char **words) {
  static char program[PATH_BYTES];
  const char *uri;
  if (count >= 3 && strcmp(words[1], "--worker") == 0) {
    return worker_main(words[2], count > 3);
  }
  if (!parse(count, words, &uri)) {
    return usage();
  }
  ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  int64_t id = read_file("/proc/sys/kernel/random/boot_id", guard.boot_id, sizeof guard.boot_id - 1);
  if (length < 0 || id <= 0) {
    fprintf(stderr, "/proc cannot be read, and without it no guest can be found\n");
    return 1;
  }
  guard.boot_id[strcspn(guard.boot_id, "\n")] = '\0';
  journal_never_waits();
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  signal(SIGPIPE, SIG_IGN);
  rules_init(&guard.rules);
  start_dummy();
  reset_open(&guard.reset);
  worker_init(&guard.guests.worker, program, uri);
  harden();
  recall(boottime_ms());
  fprintf(stderr, "guard started lease=%s domains=%s reset=%s\n", guard.lease_path, guard.guests.libvirt ? uri : guard.guests.directory,
          reset_name(&guard.reset));
  tick();
  say(boottime_ms());
  notify("READY=1");
  while (guard.term_ms == 0 || boottime_ms() - guard.term_ms < LINGER_MS) {
    doze();
    tick();
  }
  worker_end(&guard.guests.worker);
  reset_close(&guard.reset);
  say(boottime_ms());
  fprintf(stderr, "guard ended\n");
  kill(guard.dummy, SIGKILL);
  waitpid(guard.dummy, NULL, 0);
  return 0;
}

#include "worker.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ORDERS_FD = 3, LISTINGS_FD = 4, THREADS = 8 };

/* The first call after libvirtd's start probes QEMU and takes seconds. */
#define LISTING_LIMIT_MS INT64_C(5000)
#define BEGIN_LIMIT_MS INT64_C(20000)
#define RESTART_AFTER_MS INT64_C(300)
/* a worker is started again three times a second; what keeps it from working is told once a minute */
#define TELL_AGAIN_MS INT64_C(60000)

/* ---- the child ---- */

/* libvirt's interface, as far as it is needed; its ABI has been stable since 2005 (libvirt-domain.h) */
enum { LIST_ACTIVE = 1, STATE_PAUSED = 3, STATE_SHUTDOWN = 4 };
/* reasons of "paused" in which nothing goes on by itself: user, I/O error, watchdog, shutting down, crashed, post-copy failed */
static const bool RESTS[] = {[1] = true, [5] = true, [6] = true, [8] = true, [10] = true, [13] = true};

static struct {
  int (*initialize)(void);
  void *(*open)(const char *);
  int (*list)(void *, void ***, unsigned);
  int (*uuid)(void *, char *);
  int (*state)(void *, int *, int *, unsigned);
  void *(*lookup)(void *, const char *);
  int (*suspend)(void *);
  int (*resume)(void *);
  int (*destroy)(void *);
  int (*free)(void *);
  const char *(*message)(void);
  void (*quiet)(void *, void *);
} api;

static void *connection;
static bool told; /* the worker before this one has told what is wrong */

static void silence(void *data, void *error) {
  (void)data;
  (void)error;
}

static void load(void) {
  void *library = dlopen("libvirt.so.0", RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    if (!told) {
      fprintf(stderr, "libvirt cannot be loaded why=\"%s\" do=\"apt-get install libvirt0, or --domains=pids:DIR\"\n", dlerror());
    }
    _exit(3);
  }
  const struct {
    const char *name;
    void *into;
  } wanted[] = {
    {"virInitialize", &api.initialize}, {"virConnectOpen", &api.open}, {"virConnectListAllDomains", &api.list},
    {"virDomainGetUUIDString", &api.uuid}, {"virDomainGetState", &api.state}, {"virDomainLookupByUUIDString", &api.lookup},
    {"virDomainSuspend", &api.suspend}, {"virDomainResume", &api.resume}, {"virDomainDestroy", &api.destroy},
    {"virDomainFree", &api.free}, {"virGetLastErrorMessage", &api.message}, {"virSetErrorFunc", &api.quiet},
  };
  for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
    void *symbol = dlsym(library, wanted[i].name);
    if (symbol == NULL) {
      fprintf(stderr, "libvirt.so.0 has no %s\n", wanted[i].name);
      _exit(3);
    }
    memcpy(wanted[i].into, &symbol, sizeof symbol); /* ISO C has no cast from void * to a function */
  }
  api.quiet(NULL, (void *)silence);
  if (api.initialize() < 0) {
    _exit(3);
  }
}

static int act(void *domain, enum order_kind kind) {
  switch (kind) {
    case ORDER_SUSPEND: return api.suspend(domain);
    case ORDER_RESUME: return api.resume(domain);
    case ORDER_DESTROY: return api.destroy(domain);
    case ORDER_NONE:
    case ORDER_KILL: break;
  }
  return -1;
}

/* Several threads take orders from one socket: a guest that does not answer holds up one of them. */
static void *obey(void *unused) {
  (void)unused;
  for (;;) {
    struct worker_order order;
    if (recv(ORDERS_FD, &order, sizeof order, 0) != (ssize_t)sizeof order) {
      _exit(0); /* the guard is gone */
    }
    struct worker_answer answer;
    memset(&answer, 0, sizeof answer);
    answer.kind = order.kind;
    memcpy(answer.id, order.id, sizeof answer.id);
    void *domain = api.lookup(connection, order.id);
    answer.done = domain != NULL && act(domain, (enum order_kind)order.kind) == 0;
    if (!answer.done) {
      snprintf(answer.why, sizeof answer.why, "%s", api.message());
    }
    if (domain != NULL) {
      api.free(domain);
    }
    if (send(ORDERS_FD, &answer, sizeof answer, MSG_NOSIGNAL) < 0) {
      _exit(0);
    }
  }
}

static uint8_t state_of(void *domain) {
  int state = 0;
  int reason = 0;
  if (api.state(domain, &state, &reason, 0) < 0) {
    return DOMAIN_RUNNING;
  }
  bool rests = state == STATE_PAUSED && reason > 0 && reason < (int)(sizeof RESTS / sizeof RESTS[0]) && RESTS[reason];
  return rests ? DOMAIN_PAUSED : DOMAIN_RUNNING;
}

int worker_main(const char *uri, bool is_told) {
  static struct worker_listing listing;
  told = is_told;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  load();
  connection = api.open(uri);
  if (connection == NULL) {
    if (!told) {
      fprintf(stderr, "libvirt cannot be reached uri=%s why=\"%s\"\n", uri, api.message());
    }
    return 4;
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, obey, NULL) != 0) {
      return 3;
    }
  }
  for (;;) {
    char ask;
    if (recv(LISTINGS_FD, &ask, 1, 0) != 1) {
      return 0;
    }
    void **domains = NULL;
    int count = api.list(connection, &domains, LIST_ACTIVE);
    if (count < 0) {
      fprintf(stderr, "libvirt does not list its domains uri=%s why=\"%s\"\n", uri, api.message());
      return 4; /* the next worker connects anew */
    }
    memset(&listing, 0, sizeof listing);
    for (int i = 0; i < count; i++) {
      if (listing.count < DOMAINS_MAX && api.uuid(domains[i], listing.domains[listing.count].id) == 0) {
        listing.domains[listing.count++].state = state_of(domains[i]);
      }
      api.free(domains[i]);
    }
    free(domains);
    if (send(LISTINGS_FD, &listing, sizeof listing, MSG_NOSIGNAL) < 0) {
      return 0;
    }
  }
}

/* ---- the guard's side ---- */

void worker_init(struct worker *worker, const char *program, const char *uri) {
  memset(worker, 0, sizeof *worker);
  worker->program = program;
  worker->uri = uri;
  worker->orders = -1;
  worker->listings = -1;
  snprintf(worker->why, sizeof worker->why, "libvirt has not answered yet");
}

static void begin(struct worker *worker, int64_t now_ms) {
  int orders[2];
  int listings[2];
  worker->began_ms = now_ms;
  worker->asked_ms = 0;
  worker->lost = 0;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, orders) < 0) {
    return;
  }
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, listings) < 0) {
    close(orders[0]);
    close(orders[1]);
    return;
  }
  /* above the numbers that they are to have in the child, so that neither lands on the other */
  int child_orders = fcntl(orders[1], F_DUPFD_CLOEXEC, 10);
  int child_listings = fcntl(listings[1], F_DUPFD_CLOEXEC, 10);
  close(orders[1]);
  close(listings[1]);
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  sigset_t none;
  sigemptyset(&none);
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, child_orders, ORDERS_FD);
  posix_spawn_file_actions_adddup2(&files, child_listings, LISTINGS_FD);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  char name[] = "vmha-guard";
  bool is_told = worker->told_ms != 0 && now_ms - worker->told_ms < TELL_AGAIN_MS;
  if (!is_told) {
    worker->told_ms = now_ms;
  }
  char flag[] = "--worker";
  char again[] = "--told";
  char uri[256];
  snprintf(uri, sizeof uri, "%s", worker->uri);
  char *arguments[] = {name, flag, uri, is_told ? again : NULL, NULL};
  pid_t pid = 0;
  if (posix_spawn(&pid, worker->program, &files, &attributes, arguments, environ) != 0) {
    pid = 0;
  }
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  close(child_orders);
  close(child_listings);
  worker->pid = pid;
  worker->orders = orders[0];
  worker->listings = listings[0];
  fcntl(worker->orders, F_SETFL, O_NONBLOCK);
  fcntl(worker->listings, F_SETFL, O_NONBLOCK);
}

/* True if one more may be started: each may be the next that does not go. */
static bool bury(struct worker *worker) {
  bool room = false;
  for (int i = 0; i < DYING_MAX; i++) {
    if (worker->dying[i] != 0 && waitpid((pid_t)worker->dying[i], NULL, WNOHANG) != 0) {
      worker->dying[i] = 0;
    }
    room |= worker->dying[i] == 0;
  }
  return room;
}

/* Never waits for the end: a process that waits for a dead disk does not even follow SIGKILL, and the guests' time runs. */
void worker_end(struct worker *worker) {
  if (worker->pid > 0) {
    kill((pid_t)worker->pid, SIGKILL);
    for (int i = 0; i < DYING_MAX; i++) {
      if (worker->dying[i] == 0) {
        worker->dying[i] = worker->pid;
        break;
      }
    }
  }
  if (worker->orders >= 0) {
    close(worker->orders);
    close(worker->listings);
  }
  worker->pid = 0;
  worker->orders = -1;
  worker->listings = -1;
}

static void fail(struct worker *worker, struct rules *rules, int64_t now_ms, const char *why) {
  snprintf(worker->why, sizeof worker->why, "%s", why);
  worker_end(worker);
  for (int i = 0; i < rules->count; i++) {
    if (rules->domains[i].asked != ORDER_NONE) {
      rules_on_result(rules, now_ms, rules->domains[i].id, rules->domains[i].asked, false);
    }
  }
}

static void give_up_on_late_orders(struct worker *worker, struct rules *rules, int64_t now_ms) {
  int64_t limit_ms = rules->known ? rules->lease.kill_after_ms : 1000;
  for (int i = 0; i < rules->count; i++) {
    struct domain *domain = &rules->domains[i];
    int64_t limit = domain->asked == ORDER_RESUME ? LISTING_LIMIT_MS : limit_ms;
    if (domain->asked != ORDER_NONE && now_ms - domain->asked_ms > limit) {
      worker->lost++;
      rules_on_result(rules, now_ms, domain->id, domain->asked, false);
    }
  }
}

void worker_tend(struct worker *worker, struct rules *rules, int64_t now_ms, int64_t every_ms) {
  if (worker->pid > 0 && waitpid((pid_t)worker->pid, NULL, WNOHANG) == (pid_t)worker->pid) {
    worker->pid = 0;
    fail(worker, rules, now_ms, "libvirt cannot be reached, see the journal");
  }
  bool room = bury(worker);
  if (worker->pid == 0) {
    if (!room) {
      snprintf(worker->why, sizeof worker->why, "the processes that called libvirt can be killed no more: does its disk answer?");
    } else if (worker->began_ms == 0 || now_ms - worker->began_ms >= RESTART_AFTER_MS) {
      worker_end(worker);
      begin(worker, now_ms);
    }
    return;
  }
  give_up_on_late_orders(worker, rules, now_ms);
  int64_t limit_ms = worker->listed_ms < worker->began_ms ? BEGIN_LIMIT_MS : LISTING_LIMIT_MS;
  if (worker->asked_ms != 0 && now_ms - worker->asked_ms > limit_ms) {
    fail(worker, rules, now_ms, "libvirt does not answer");
  } else if (worker->lost >= THREADS / 2) {
    fail(worker, rules, now_ms, "libvirt does not carry out what it is asked");
  } else if (worker->asked_ms == 0 && now_ms - worker->listed_ms >= every_ms && send(worker->listings, "l", 1, MSG_NOSIGNAL) == 1) {
    worker->asked_ms = now_ms;
  }
}

bool worker_send(struct worker *worker, enum order_kind kind, const char *id) {
  struct worker_order order;
  memset(&order, 0, sizeof order);
  order.kind = (uint32_t)kind;
  strncpy(order.id, id, DOMAIN_ID_MAX);
  return worker->orders >= 0 && send(worker->orders, &order, sizeof order, MSG_NOSIGNAL) == (ssize_t)sizeof order;
}

static void take_in(struct rules *rules, const struct worker_listing *listing, int64_t asked_ms) {
  for (uint32_t i = 0; i < listing->count && i < DOMAINS_MAX; i++) {
    for (int d = 0; d < rules->count; d++) {
      if (strcmp(rules->domains[d].id, listing->domains[i].id) == 0) {
        rules_on_state(&rules->domains[d], asked_ms, listing->domains[i].state == DOMAIN_PAUSED ? DOMAIN_PAUSED : DOMAIN_RUNNING);
      }
    }
  }
}

void worker_receive(struct worker *worker, struct rules *rules, int64_t now_ms) {
  static struct worker_listing listing;
  struct worker_answer answer;
  while (worker->orders >= 0 && recv(worker->orders, &answer, sizeof answer, 0) == (ssize_t)sizeof answer) {
    answer.id[DOMAIN_ID_MAX] = '\0';
    answer.why[WHY_MAX - 1] = '\0';
    if (!answer.done) {
      fprintf(stderr, "libvirt refused order=%u domain=%s why=\"%s\"\n", answer.kind, answer.id, answer.why);
    }
    rules_on_result(rules, now_ms, answer.id, (enum order_kind)answer.kind, answer.done != 0);
  }
  if (worker->listings >= 0 && recv(worker->listings, &listing, sizeof listing, 0) == (ssize_t)sizeof listing) {
    take_in(rules, &listing, worker->asked_ms);
    worker->listed_ms = worker->asked_ms;
    worker->asked_ms = 0;
    worker->told_ms = 0;
    worker->why[0] = '\0';
  }
}

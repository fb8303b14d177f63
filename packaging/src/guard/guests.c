#include "guests.h"
#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COMMAND_LINE_MAX = 64 * 1024 };

/* The domain's UUID as it stands in QEMU's command line. */
static bool uuid_of(int64_t pid, char *uuid) {
  static char line[COMMAND_LINE_MAX];
  char path[48];
  snprintf(path, sizeof path, "/proc/%lld/cmdline", (long long)pid);
  int64_t length = read_file(path, line, sizeof line - 1);
  if (length <= 0) {
    return false;
  }
  line[length] = '\0';
  for (const char *word = line; word < line + length; word += strlen(word) + 1) {
    const char *next = word + strlen(word) + 1;
    if (strcmp(word, "-uuid") == 0 && next < line + length && strlen(next) == UUID_LENGTH) {
      memcpy(uuid, next, UUID_LENGTH + 1);
      return true;
    }
  }
  return false;
}

static const struct domain *known(const struct rules *rules, int64_t pid, int64_t started) {
  for (int i = 0; i < rules->count; i++) {
    if (rules->domains[i].pid == pid && rules->domains[i].started == started) {
      return &rules->domains[i];
    }
  }
  return NULL;
}

/* A pid file holds the pid and, if its writer is careful, the start of the process in clock ticks: a pid is soon given to another. */
static bool read_pid_file(const char *path, int64_t *pid, struct process *process) {
  char text[64];
  int64_t length = read_file(path, text, sizeof text - 1);
  if (length <= 0) {
    return false;
  }
  text[length] = '\0';
  long long number = 0;
  long long started = 0;
  int fields = sscanf(text, "%lld %lld", &number, &started);
  *pid = number;
  return fields >= 1 && number > 1 && process_read(number, process) && (fields == 1 || process->started == started);
}

static void on_file(struct guests *guests, struct rules *rules, int64_t now_ms, const char *file) {
  char path[512];
  char id[DOMAIN_ID_MAX + 1];
  int64_t pid;
  struct process process;
  size_t stem = strlen(file) - strlen(".pid");
  if (stem == 0 || stem > DOMAIN_ID_MAX || snprintf(path, sizeof path, "%s/%s", guests->directory, file) >= (int)sizeof path
      || !read_pid_file(path, &pid, &process)) {
    return;
  }
  const struct domain *before = known(rules, pid, process.started);
  if (before != NULL) {
    memcpy(id, before->id, sizeof id);
  } else if (!guests->libvirt) {
    memcpy(id, file, stem);
    id[stem] = '\0';
  } else if (!uuid_of(pid, id)) {
    return;
  }
  struct domain *domain = rules_on_domain(rules, id, pid, process.started);
  if (domain != NULL && !guests->libvirt) {
    rules_on_state(domain, now_ms, process.state == 'T' ? DOMAIN_PAUSED : DOMAIN_RUNNING);
  }
}

void guests_list(struct guests *guests, struct rules *rules, int64_t now_ms) {
  DIR *directory = opendir(guests->directory);
  guests->why[0] = '\0';
  if (directory == NULL) {
    /* libvirtd makes its directory when it starts: without it there is no guest */
    if (!guests->libvirt || errno != ENOENT) {
      snprintf(guests->why, sizeof guests->why, "the directory of pid files cannot be read: %.100s: %s", guests->directory, strerror(errno));
      return;
    }
  }
  rules_listing_begins(rules);
  for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
    size_t length = strlen(entry->d_name);
    if (length > 4 && strcmp(entry->d_name + length - 4, ".pid") == 0) {
      on_file(guests, rules, now_ms, entry->d_name);
    }
  }
  if (directory != NULL) {
    closedir(directory);
  }
  rules_listing_ends(rules);
}

static void obey_by_signal(struct rules *rules, int64_t now_ms, const struct domain *domain, enum order_kind kind) {
  int signal = kind == ORDER_SUSPEND ? SIGSTOP : kind == ORDER_RESUME ? SIGCONT : SIGKILL;
  bool sent = process_signal(domain->pid, domain->started, signal);
  struct process process;
  bool lives = process_read(domain->pid, &process) && process.started == domain->started;
  /* a process that the kernel does not let stop yet is not suspended: the next listing will tell */
  bool done = kind == ORDER_SUSPEND ? lives && process.state == 'T' : sent;
  rules_on_result(rules, now_ms, domain->id, kind, done);
}

void guests_obey(struct guests *guests, struct rules *rules, int64_t now_ms, const struct order *order) {
  const struct domain *domain = &rules->domains[order->domain];
  if (order->kind == ORDER_KILL) {
    bool sent = process_signal(domain->pid, domain->started, SIGKILL);
    fprintf(stderr, "guest killed domain=%s pid=%lld sent=%d\n", domain->id, (long long)domain->pid, sent);
  } else if (!guests->libvirt) {
    obey_by_signal(rules, now_ms, domain, order->kind);
  } else if (!worker_send(&guests->worker, order->kind, domain->id)) {
    rules_on_result(rules, now_ms, domain->id, order->kind, false);
  }
}

const char *guests_problem(const struct guests *guests) {
  return guests->why[0] != '\0' || !guests->libvirt ? guests->why : guests->worker.why;
}

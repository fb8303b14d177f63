#include "rules.h"

#include <string.h>

/* A resume takes time: with less lease than this left it is not begun. */
#define RESUME_MARGIN_MS INT64_C(200)
/* A kill that had no effect is repeated; the guest may have been started again. */
#define STRIKE_AGAIN_MS INT64_C(200)
/* vmhad writes its file at least once a second; what it says of the pool is stale after this. */
#define POOL_FRESH_MS INT64_C(5000)
/* A suspend that nobody answered for may still be carried out; until then the guest stays ours to resume. */
#define SUSPEND_SETTLES_MS INT64_C(30000)
#define NEVER INT64_C(-1)

void rules_init(struct rules *rules) {
  memset(rules, 0, sizeof *rules);
  rules->isolated_ms = NEVER;
}

void rules_on_lease(struct rules *rules, int64_t now_ms, const struct lease *lease) {
  rules->current = lease != NULL;
  if (lease == NULL) {
    rules->isolated_ms = NEVER; /* nobody says any more that it is this host that is cut off */
    return;
  }
  if (!rules->known || lease->epoch != rules->lease.epoch) {
    rules->end_ms = 0; /* a lease never survives its epoch */
    rules->sealed = false;
  }
  bool sealed = rules->sealed || lease->state == LEASE_SEALED; /* for good: a seal is never taken back within an epoch */
  rules->remember |= !rules->known || lease->epoch != rules->lease.epoch || lease->by_lease != rules->bound || sealed != rules->sealed;
  rules->known = true;
  rules->bound = lease->by_lease;
  rules->sealed = sealed;
  rules->lease = *lease;
  if (lease->state == LEASE_HELD && lease->deadline_ms > rules->end_ms) {
    rules->end_ms = lease->deadline_ms;
  }
  /* state none does not end a lease that was proven: a vmhad that has just restarted knows less than the voters promised */
  bool fresh = now_ms - lease->written_ms <= POOL_FRESH_MS;
  if (!fresh || lease->pool_size < 2 || lease->pool_seen * 2 >= lease->pool_size) {
    rules->isolated_ms = NEVER;
  } else if (rules->isolated_ms == NEVER) {
    rules->isolated_ms = now_ms;
  }
}

void rules_listing_begins(struct rules *rules) {
  rules->overflow = false;
  for (int i = 0; i < rules->count; i++) {
    rules->domains[i].listed = false;
  }
}

static struct domain *find(struct rules *rules, const char *id) {
  for (int i = 0; i < rules->count; i++) {
    if (strcmp(rules->domains[i].id, id) == 0) {
      return &rules->domains[i];
    }
  }
  return NULL;
}

static struct domain *add(struct rules *rules, const char *id) {
  if (rules->count == DOMAINS_MAX) {
    rules->overflow = true;
    return NULL;
  }
  struct domain *domain = &rules->domains[rules->count++];
  memset(domain, 0, sizeof *domain);
  strncpy(domain->id, id, DOMAIN_ID_MAX);
  return domain;
}

/* Until something is known of it, a guest counts as running. */
static void is_new(struct domain *domain, int64_t pid, int64_t started) {
  char id[DOMAIN_ID_MAX + 1];
  memcpy(id, domain->id, sizeof id);
  memset(domain, 0, sizeof *domain);
  memcpy(domain->id, id, sizeof id);
  domain->pid = pid;
  domain->started = started;
  domain->state = DOMAIN_RUNNING;
  domain->state_ms = NEVER;
  domain->unleased_ms = NEVER;
  domain->killed_ms = NEVER;
}

struct domain *rules_on_domain(struct rules *rules, const char *id, int64_t pid, int64_t started) {
  struct domain *domain = find(rules, id);
  if (domain == NULL) {
    domain = add(rules, id);
    if (domain == NULL) {
      return NULL;
    }
    is_new(domain, pid, started);
  } else if (domain->pid != pid || domain->started != started) {
    is_new(domain, pid, started); /* the same guest in a new process: what was true of the old one is not of this one */
  }
  domain->listed = true;
  return domain;
}

void rules_recall(struct rules *rules, const char *id, int64_t pid, int64_t started, int64_t epoch) {
  struct domain *domain = find(rules, id) == NULL ? add(rules, id) : NULL;
  if (domain != NULL) {
    is_new(domain, pid, started);
    domain->ours = true;
    domain->epoch = epoch;
    domain->listed = true;
  }
}

void rules_listing_ends(struct rules *rules) {
  int kept = 0;
  for (int i = 0; i < rules->count; i++) {
    if (rules->domains[i].listed) {
      if (kept != i) {
        rules->domains[kept] = rules->domains[i];
      }
      kept++;
    } else if (rules->domains[i].ours) {
      rules->remember = true;
    }
  }
  rules->count = kept;
}

void rules_on_state(struct domain *domain, int64_t seen_ms, enum domain_state state) {
  if (seen_ms < domain->state_ms) {
    return;
  }
  if (state == DOMAIN_RUNNING) {
    domain->may_run = false; /* it does: nothing is left open */
  } else if (domain->state == DOMAIN_RUNNING) {
    domain->unleased_ms = NEVER;
  }
  domain->state = state;
  domain->state_ms = seen_ms;
}

void rules_on_result(struct rules *rules, int64_t now_ms, const char *id, enum order_kind kind, bool done) {
  struct domain *domain = find(rules, id);
  if (domain == NULL || domain->asked != kind) {
    return;
  }
  domain->asked = ORDER_NONE;
  if (done && kind == ORDER_SUSPEND) {
    domain->state = DOMAIN_PAUSED;
    domain->state_ms = now_ms;
    domain->unleased_ms = NEVER;
  } else if (done && kind == ORDER_RESUME) {
    domain->state = DOMAIN_RUNNING;
    domain->state_ms = now_ms;
    domain->may_run = false;
    domain->ours = false;
    rules->remember = true;
  }
}

bool rules_has_lease(const struct rules *rules, int64_t now_ms) { return rules->known && !rules->sealed && now_ms < rules->end_ms; }

static void give(struct rules *rules, int64_t now_ms, struct domain *domain, enum order_kind kind, struct orders *orders) {
  if (orders->count < ORDERS_MAX) {
    orders->list[orders->count++] = (struct order){kind, (int)(domain - rules->domains)};
    if (kind != ORDER_KILL) {
      domain->asked = kind;
      domain->asked_ms = now_ms;
    }
  }
}

static void strike(struct rules *rules, int64_t now_ms, struct domain *domain, struct orders *orders) {
  if (domain->killed_ms == NEVER) {
    domain->killed_ms = now_ms;
  } else if (now_ms - domain->struck_ms < STRIKE_AGAIN_MS) {
    return;
  }
  domain->struck_ms = now_ms;
  give(rules, now_ms, domain, ORDER_KILL, orders);
}

/* Half of what is left of K after the kill is given to the kernel to carry it out; then the machine must not go on. */
static bool survives(const struct rules *rules, int64_t now_ms, const struct domain *domain) {
  int64_t patience_ms = (rules->lease.grace_ms - rules->lease.kill_after_ms) / 2;
  return domain->killed_ms != NEVER && now_ms - domain->killed_ms >= (patience_ms < 100 ? 100 : patience_ms);
}

/* A running guest's time runs from the lease's end, not from when we looked: the voters count from there. */
static bool is_overdue(const struct rules *rules, int64_t now_ms, const struct domain *domain) {
  bool runs = domain->state == DOMAIN_RUNNING || domain->may_run;
  int64_t since_ms = runs && rules->end_ms > 0 && rules->end_ms < domain->unleased_ms ? rules->end_ms : domain->unleased_ms;
  return now_ms - since_ms >= rules->lease.kill_after_ms;
}

/* It runs, or may any moment, and this host has no lease: suspend it, or kill it when its time is over. */
static void stop(struct rules *rules, int64_t now_ms, struct domain *domain, struct orders *orders) {
  if (domain->unleased_ms == NEVER) {
    domain->unleased_ms = now_ms;
  }
  if (is_overdue(rules, now_ms, domain)) {
    strike(rules, now_ms, domain, orders);
    orders->reset |= survives(rules, now_ms, domain);
  } else if (domain->asked == ORDER_NONE) {
    if (!domain->ours) {
      domain->ours = true;
      domain->epoch = rules->lease.epoch;
      rules->remember = true;
    }
    give(rules, now_ms, domain, ORDER_SUSPEND, orders);
  }
}

static void destroy(struct rules *rules, int64_t now_ms, struct domain *domain, struct orders *orders) {
  if (domain->unleased_ms == NEVER) {
    domain->unleased_ms = now_ms;
  }
  if (is_overdue(rules, now_ms, domain)) {
    strike(rules, now_ms, domain, orders);
    orders->reset |= survives(rules, now_ms, domain) && domain->state == DOMAIN_RUNNING;
  } else if (domain->asked == ORDER_NONE) {
    give(rules, now_ms, domain, ORDER_DESTROY, orders);
  }
}

/* S7: only the host that is itself cut off gives up the copies that it paused; storage locks are freed then. */
static bool releases(const struct rules *rules, int64_t now_ms) {
  return rules->isolated_ms != NEVER && now_ms - rules->isolated_ms >= rules->lease.release_after_ms
         && now_ms - rules->end_ms >= rules->lease.release_after_ms;
}

static void without_lease(struct rules *rules, int64_t now_ms, struct domain *domain, struct orders *orders) {
  if (domain->state == DOMAIN_RUNNING || domain->may_run) {
    if (rules->sealed && now_ms >= rules->end_ms) {
      destroy(rules, now_ms, domain, orders);
    } else {
      stop(rules, now_ms, domain, orders);
    }
  } else if (rules->sealed || (domain->ours && releases(rules, now_ms))) {
    destroy(rules, now_ms, domain, orders);
  } else {
    domain->unleased_ms = NEVER;
    domain->killed_ms = NEVER;
  }
}

static void with_lease(struct rules *rules, int64_t now_ms, struct domain *domain, struct orders *orders) {
  bool paused = domain->state == DOMAIN_PAUSED;
  if (domain->ours && paused && domain->epoch != rules->lease.epoch) {
    destroy(rules, now_ms, domain, orders); /* paused in a life of this host that is over */
    return;
  }
  domain->unleased_ms = NEVER;
  domain->killed_ms = NEVER;
  if (domain->asked != ORDER_NONE || !domain->ours) {
    return;
  }
  if (!paused) {
    if (now_ms - domain->asked_ms >= SUSPEND_SETTLES_MS) {
      domain->ours = false;
      rules->remember = true;
    }
  } else if (rules->current && rules->lease.state == LEASE_HELD && now_ms + RESUME_MARGIN_MS < rules->end_ms) {
    domain->may_run = true;
    give(rules, now_ms, domain, ORDER_RESUME, orders);
  }
}

void rules_decide(struct rules *rules, int64_t now_ms, struct orders *orders) {
  orders->count = 0;
  orders->reset = false;
  orders->kill_caller = 0;
  if (!rules->known) {
    return;
  }
  /* S9: in every mode, for a caller that sleeps between its last check and its request */
  if (rules->lease.caller_pid > 1 && rules->lease.leading_deadline_ms > 0 && now_ms >= rules->lease.leading_deadline_ms) {
    orders->kill_caller = rules->lease.caller_pid;
  }
  bool leased = rules_has_lease(rules, now_ms);
  for (int i = 0; i < rules->count; i++) {
    if (leased) {
      with_lease(rules, now_ms, &rules->domains[i], orders);
    } else if (rules->bound) {
      without_lease(rules, now_ms, &rules->domains[i], orders);
    }
  }
}

bool rules_is_urgent(const struct rules *rules, int64_t now_ms) {
  if (!rules->bound || rules_has_lease(rules, now_ms)) {
    return false;
  }
  for (int i = 0; i < rules->count; i++) {
    if (rules->domains[i].state == DOMAIN_RUNNING || rules->domains[i].may_run || rules->sealed) {
      return true;
    }
  }
  return false;
}

int rules_count(const struct rules *rules, enum domain_state state) {
  int count = 0;
  for (int i = 0; i < rules->count; i++) {
    count += rules->domains[i].state == state;
  }
  return count;
}

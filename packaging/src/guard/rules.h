/*
 * Self-fencing, decided (RECOVERY-PROTOCOL.md, S5 to S7 and S9): which guest is suspended, resumed, destroyed or killed, when the machine is
 * reset, and when the process that calls Nova is ended. Fed with the time, the lease file and the guests that are seen; no clock and no I/O,
 * so that a test can walk through it.
 */
#ifndef VMHA_RULES_H
#define VMHA_RULES_H

#include "lease.h"

enum { DOMAINS_MAX = 1024, DOMAIN_ID_MAX = 95, ORDERS_MAX = 2 * DOMAINS_MAX };

/* Paused means: writes nothing until somebody resumes it. Whatever may go on by itself (an incoming migration) counts as running. */
enum domain_state { DOMAIN_RUNNING, DOMAIN_PAUSED };

enum order_kind { ORDER_NONE, ORDER_SUSPEND, ORDER_RESUME, ORDER_DESTROY, ORDER_KILL };

struct domain {
  char id[DOMAIN_ID_MAX + 1];
  int64_t pid;
  int64_t started; /* clock ticks since boot, as /proc says: with the pid it names one process */
  enum domain_state state;
  int64_t state_ms;   /* when the state was known for the last time: an older listing says nothing */
  bool listed;        /* still there at the newest listing */
  bool ours;          /* suspended by this guard, so that it is this guard's to resume */
  int64_t epoch;      /* of the host when it was suspended */
  bool may_run;       /* a resume was asked for, and nobody knows whether it will still be carried out */
  enum order_kind asked; /* under way */
  int64_t asked_ms;
  int64_t unleased_ms; /* since when it is seen to run without a lease; -1: it is not */
  int64_t killed_ms;   /* when it was killed first; -1: never */
  int64_t struck_ms;   /* when it was killed last */
};

struct order {
  enum order_kind kind;
  int domain;
};

struct orders {
  int count;
  struct order list[ORDERS_MAX];
  bool reset; /* a guest cannot be killed: the machine must not go on */
  int64_t kill_caller; /* 0: nobody */
};

struct rules {
  bool known;   /* a good lease file of this boot was read, now or by an earlier guard */
  bool bound;   /* `lease` is among the proofs */
  bool current; /* the newest reading of the file was good */
  struct lease lease;
  int64_t end_ms; /* the lease that was proven runs to here, whatever became of the file */
  bool sealed;
  int64_t isolated_ms; /* since when this host sees fewer than half of the pool; -1: it does not */
  bool overflow;       /* more guests than DOMAINS_MAX */
  bool remember;       /* what must survive this process has changed: write it down before orders are carried out, then clear this */
  int count;
  struct domain domains[DOMAINS_MAX];
};

void rules_init(struct rules *rules);

/* LEASE is NULL when there is no good file. */
void rules_on_lease(struct rules *rules, int64_t now_ms, const struct lease *lease);

/* A listing begins, names each guest process, and ends; who was not named is gone. */
void rules_listing_begins(struct rules *rules);
struct domain *rules_on_domain(struct rules *rules, const char *id, int64_t pid, int64_t started);
void rules_listing_ends(struct rules *rules);

/* The state of a guest, as it was at the time SEEN_MS or later. */
void rules_on_state(struct domain *domain, int64_t seen_ms, enum domain_state state);

/* An order was carried out, or not. */
void rules_on_result(struct rules *rules, int64_t now_ms, const char *id, enum order_kind kind, bool done);

/* An earlier guard of this boot had suspended this guest. */
void rules_recall(struct rules *rules, const char *id, int64_t pid, int64_t started, int64_t epoch);

/* Decides. ORDERS is emptied first. */
void rules_decide(struct rules *rules, int64_t now_ms, struct orders *orders);

bool rules_has_lease(const struct rules *rules, int64_t now_ms);

/* True while a guest runs that has no lease: look often. */
bool rules_is_urgent(const struct rules *rules, int64_t now_ms);

int rules_count(const struct rules *rules, enum domain_state state);

#endif

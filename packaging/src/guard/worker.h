/*
 * libvirt at arm's length: a child process loads libvirt.so.0 and calls it, so that a libvirtd that hangs holds up that child only. Orders go
 * out and answers come back as packets; who does not answer in time is ended and started again.
 */
#ifndef VMHA_WORKER_H
#define VMHA_WORKER_H

#include "rules.h"

enum { UUID_LENGTH = 36, DYING_MAX = 8 };

struct worker_order {
  uint32_t kind; /* enum order_kind; ORDER_NONE asks for a listing */
  char id[DOMAIN_ID_MAX + 1];
};

struct worker_answer {
  uint32_t kind;
  uint32_t done;
  char id[DOMAIN_ID_MAX + 1];
  char why[WHY_MAX];
};

struct worker_listing {
  uint32_t count;
  struct {
    char id[UUID_LENGTH + 1];
    uint8_t state; /* enum domain_state */
  } domains[DOMAINS_MAX];
};

struct worker {
  const char *program; /* this program, which is its own worker */
  const char *uri;
  int64_t pid;    /* 0: none runs */
  int orders;     /* sockets */
  int listings;
  int64_t began_ms;
  int64_t asked_ms;  /* when the listing that is awaited was asked for; 0: none */
  int64_t listed_ms; /* when the newest listing that came was asked for; 0: none came */
  int64_t told_ms;   /* when a worker last told why it does not work; 0: it works */
  int64_t dying[DYING_MAX]; /* killed, and not gone yet: the kernel may wait for a disk; 0: free */
  int lost;       /* orders that nobody answered in time */
  char why[WHY_MAX]; /* why it does not work; empty if it does */
};

/* The worker's own main; ends only with the guard or with libvirt's connection. IS_TOLD: a worker before it has told why it cannot begin. */
int worker_main(const char *uri, bool is_told);

void worker_init(struct worker *worker, const char *program, const char *uri);

/* Starts it, asks for listings, ends it when it hangs. Every tick. EVERY_MS: how often a listing is wanted. */
void worker_tend(struct worker *worker, struct rules *rules, int64_t now_ms, int64_t every_ms);

bool worker_send(struct worker *worker, enum order_kind kind, const char *id);

/* Takes in what has come. */
void worker_receive(struct worker *worker, struct rules *rules, int64_t now_ms);

void worker_end(struct worker *worker);

#endif

/* The guest processes of this host: found by their pid files, so that they are found when libvirt is gone. */
#ifndef VMHA_GUESTS_H
#define VMHA_GUESTS_H

#include "rules.h"
#include "worker.h"

struct guests {
  bool libvirt;          /* else: suspended by SIGSTOP */
  const char *directory; /* of the pid files: NAME.pid */
  struct worker worker;
  char why[WHY_MAX]; /* why they cannot be listed; empty if they can */
};

/* Lists the processes into RULES. When the directory cannot be read, those that are known stay. */
void guests_list(struct guests *guests, struct rules *rules, int64_t now_ms);

/* Carries one order out, or hands it on. */
void guests_obey(struct guests *guests, struct rules *rules, int64_t now_ms, const struct order *order);

/* Why a guest could not be suspended now; empty if it could. */
const char *guests_problem(const struct guests *guests);

#endif

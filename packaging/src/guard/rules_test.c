/* The rules, walked through by hand in time. Prints what failed and exits 1. */
#include "rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BOOT "5b9d3f0c-8d8e-4ad4-9f53-2d2b3a1f1c11"

static int checks;
static int failures;
static const char *test;

static void expect(bool holds, const char *what, int line) {
  checks++;
  if (!holds) {
    failures++;
    printf("%s: line %d: expected %s\n", test, line, what);
  }
}
#define EXPECT(x) expect((x), #x, __LINE__)

static struct rules rules;
static struct orders orders;

static struct lease lease_until(int64_t deadline_ms) {
  struct lease lease;
  memset(&lease, 0, sizeof lease);
  lease.state = LEASE_HELD;
  lease.by_lease = true;
  lease.epoch = 4;
  lease.deadline_ms = deadline_ms;
  lease.kill_after_ms = 1000;
  lease.grace_ms = 2000;
  lease.release_after_ms = 60000;
  lease.pool_seen = 5;
  lease.pool_size = 5;
  return lease;
}

static void begin(const char *name) {
  test = name;
  rules_init(&rules);
  memset(&orders, 0, sizeof orders);
}

static void held(int64_t now_ms, int64_t deadline_ms) {
  struct lease lease = lease_until(deadline_ms);
  lease.written_ms = now_ms;
  rules_on_lease(&rules, now_ms, &lease);
}

static struct domain *guest(const char *id, int64_t pid, int64_t now_ms, enum domain_state state) {
  rules_listing_begins(&rules);
  for (int i = 0; i < rules.count; i++) {
    rules.domains[i].listed = true;
  }
  struct domain *domain = rules_on_domain(&rules, id, pid, 77);
  rules_listing_ends(&rules);
  rules_on_state(domain, now_ms, state);
  return domain;
}

static int ordered(enum order_kind kind) {
  int count = 0;
  for (int i = 0; i < orders.count; i++) {
    count += orders.list[i].kind == kind;
  }
  return count;
}

static void a_lease_lets_guests_run(void) {
  begin("a lease lets guests run");
  held(1000, 7000);
  guest("a", 10, 1000, DOMAIN_RUNNING);
  rules_decide(&rules, 6999, &orders);
  EXPECT(orders.count == 0);
  EXPECT(!rules_is_urgent(&rules, 6999));
}

static void the_end_of_the_lease_suspends_and_a_lease_in_the_same_epoch_resumes(void) {
  begin("the end suspends, a new lease resumes");
  held(1000, 7000);
  guest("a", 10, 1000, DOMAIN_RUNNING);
  guest("paused by its owner", 11, 1000, DOMAIN_PAUSED);
  rules_decide(&rules, 7000, &orders);
  EXPECT(orders.count == 1 && ordered(ORDER_SUSPEND) == 1);
  EXPECT(rules.remember);
  rules_decide(&rules, 7100, &orders);
  EXPECT(orders.count == 0);
  rules_on_result(&rules, 7200, "a", ORDER_SUSPEND, true);
  rules_decide(&rules, 30000, &orders);
  EXPECT(orders.count == 0);
  held(31000, 36000);
  rules_decide(&rules, 31000, &orders);
  EXPECT(orders.count == 1 && ordered(ORDER_RESUME) == 1);
  rules_on_result(&rules, 31100, "a", ORDER_RESUME, true);
  rules_decide(&rules, 31200, &orders);
  EXPECT(orders.count == 0);
  EXPECT(!rules.domains[0].ours);
}

static void a_lease_that_is_nearly_over_resumes_nothing(void) {
  begin("a lease that is nearly over resumes nothing");
  held(1000, 7000);
  guest("a", 10, 1000, DOMAIN_RUNNING);
  rules_decide(&rules, 7000, &orders);
  rules_on_result(&rules, 7100, "a", ORDER_SUSPEND, true);
  held(12000, 12100);
  rules_decide(&rules, 12000, &orders);
  EXPECT(orders.count == 0);
}

static void what_is_not_suspended_in_time_is_killed_and_what_survives_resets_the_machine(void) {
  begin("escalation");
  held(1000, 7000);
  guest("a", 10, 1000, DOMAIN_RUNNING);
  rules_decide(&rules, 7000, &orders);
  rules_decide(&rules, 7999, &orders);
  EXPECT(orders.count == 0);
  rules_decide(&rules, 8000, &orders);
  EXPECT(orders.count == 1 && ordered(ORDER_KILL) == 1 && !orders.reset);
  rules_decide(&rules, 8050, &orders);
  EXPECT(orders.count == 0);
  rules_decide(&rules, 8499, &orders);
  EXPECT(ordered(ORDER_KILL) == 1 && !orders.reset);
  rules_decide(&rules, 8500, &orders);
  EXPECT(orders.reset);
  rules_listing_begins(&rules);
  rules_listing_ends(&rules);
  rules_decide(&rules, 8600, &orders);
  EXPECT(!orders.reset && orders.count == 0);
}

static void a_suspend_that_fails_is_tried_again_until_the_kill(void) {
  begin("a suspend that fails is tried again");
  held(1000, 7000);
  guest("a", 10, 1000, DOMAIN_RUNNING);
  rules_decide(&rules, 7000, &orders);
  rules_on_result(&rules, 7300, "a", ORDER_SUSPEND, false);
  rules_decide(&rules, 7300, &orders);
  EXPECT(orders.count == 1 && ordered(ORDER_SUSPEND) == 1);
}

static void a_guard_that_wakes_late_kills_at_once(void) {
  begin("a guard that wakes late");
  held(1000, 7000);
  guest("a", 10, 1000, DOMAIN_RUNNING);
  rules_decide(&rules, 20000, &orders);
  EXPECT(orders.count == 1 && ordered(ORDER_KILL) == 1 && !orders.reset);
}

static void a_guest_that_somebody_resumes_or_starts_without_a_lease_is_killed(void) {
  begin("resumed or started by somebody");
  held(1000, 7000);
  guest("a", 10, 1000, DOMAIN_RUNNING);
  rules_decide(&rules, 7000, &orders);
  rules_on_result(&rules, 7100, "a", ORDER_SUSPEND, true);
  guest("a", 10, 20000, DOMAIN_RUNNING);
  rules_decide(&rules, 20000, &orders);
  EXPECT(ordered(ORDER_KILL) == 1);
  guest("a", 99, 20100, DOMAIN_RUNNING);
  rules_decide(&rules, 20100, &orders);
  EXPECT(ordered(ORDER_KILL) == 1);
}

static void a_guest_started_before_any_lease_is_suspended_first(void) {
  begin("started before any lease");
  struct lease none = lease_until(0);
  none.state = LEASE_NONE;
  rules_on_lease(&rules, 5000, &none);
  guest("a", 10, 5000, DOMAIN_RUNNING);
  rules_decide(&rules, 5000, &orders);
  EXPECT(ordered(ORDER_SUSPEND) == 1);
  rules_decide(&rules, 6000, &orders);
  EXPECT(ordered(ORDER_KILL) == 1);
}

static void a_seal_destroys_what_is_paused_and_resumes_nothing(void) {
  begin("a seal destroys");
  held(1000, 7000);
  guest("a", 10, 1000, DOMAIN_RUNNING);
  rules_decide(&rules, 7000, &orders);
  rules_on_result(&rules, 7100, "a", ORDER_SUSPEND, true);
  struct lease sealed = lease_until(0);
  sealed.state = LEASE_SEALED;
  rules_on_lease(&rules, 20000, &sealed);
  rules_decide(&rules, 20000, &orders);
  EXPECT(orders.count == 1 && ordered(ORDER_DESTROY) == 1);
  held(20100, 26000);
  rules_decide(&rules, 20100, &orders);
  EXPECT(ordered(ORDER_RESUME) == 0);
  rules_decide(&rules, 21000, &orders);
  EXPECT(ordered(ORDER_KILL) == 1);
}

static void a_seal_while_the_lease_runs_ends_it(void) {
  begin("a seal while the lease runs");
  held(1000, 7000);
  guest("a", 10, 1000, DOMAIN_RUNNING);
  struct lease sealed = lease_until(7000);
  sealed.state = LEASE_SEALED;
  rules_on_lease(&rules, 2000, &sealed);
  rules_decide(&rules, 2000, &orders);
  EXPECT(orders.count == 1 && ordered(ORDER_SUSPEND) == 1);
  rules_on_result(&rules, 2100, "a", ORDER_SUSPEND, true);
  rules_decide(&rules, 2200, &orders);
  EXPECT(orders.count == 1 && ordered(ORDER_DESTROY) == 1);
}

static void a_new_epoch_destroys_what_was_paused_in_the_old_one(void) {
  begin("a new epoch");
  held(1000, 7000);
  guest("a", 10, 1000, DOMAIN_RUNNING);
  rules_decide(&rules, 7000, &orders);
  rules_on_result(&rules, 7100, "a", ORDER_SUSPEND, true);
  struct lease next = lease_until(26000);
  next.epoch = 5;
  next.written_ms = 20000;
  rules_on_lease(&rules, 20000, &next);
  rules_decide(&rules, 20000, &orders);
  EXPECT(orders.count == 1 && ordered(ORDER_DESTROY) == 1);
  guest("b", 12, 20000, DOMAIN_RUNNING);
  rules_decide(&rules, 20100, &orders);
  EXPECT(ordered(ORDER_SUSPEND) == 0 && ordered(ORDER_KILL) == 0);
}

static void a_file_that_is_gone_or_garbage_ends_no_lease_early_and_gives_none(void) {
  begin("no good file");
  held(1000, 7000);
  guest("a", 10, 1000, DOMAIN_RUNNING);
  rules_on_lease(&rules, 2000, NULL);
  rules_decide(&rules, 6999, &orders);
  EXPECT(orders.count == 0);
  rules_decide(&rules, 7000, &orders);
  EXPECT(ordered(ORDER_SUSPEND) == 1);
}

static void a_vmhad_that_restarts_with_state_none_keeps_the_lease_that_was_proven(void) {
  begin("state none after held");
  held(1000, 7000);
  guest("a", 10, 1000, DOMAIN_RUNNING);
  struct lease none = lease_until(0);
  none.state = LEASE_NONE;
  rules_on_lease(&rules, 2000, &none);
  rules_decide(&rules, 6999, &orders);
  EXPECT(orders.count == 0);
  rules_decide(&rules, 7000, &orders);
  EXPECT(ordered(ORDER_SUSPEND) == 1);
}

static void without_the_proof_nothing_is_ever_paused(void) {
  begin("without the proof");
  struct lease lease = lease_until(0);
  lease.by_lease = false;
  lease.state = LEASE_NONE;
  rules_on_lease(&rules, 1000, &lease);
  guest("a", 10, 1000, DOMAIN_RUNNING);
  rules_decide(&rules, 100000, &orders);
  EXPECT(orders.count == 0);
  lease.state = LEASE_SEALED;
  rules_on_lease(&rules, 100000, &lease);
  rules_decide(&rules, 200000, &orders);
  EXPECT(orders.count == 0);
  rules_on_lease(&rules, 200000, NULL);
  rules_decide(&rules, 200000, &orders);
  EXPECT(orders.count == 0);
}

static void a_guard_that_knows_nothing_does_nothing(void) {
  begin("nothing is known");
  rules_on_lease(&rules, 1000, NULL);
  guest("a", 10, 1000, DOMAIN_RUNNING);
  rules_decide(&rules, 100000, &orders);
  EXPECT(orders.count == 0);
}

static void pool(int64_t now_ms, int64_t seen) {
  struct lease lease = lease_until(7000);
  lease.written_ms = now_ms;
  lease.pool_seen = seen;
  rules_on_lease(&rules, now_ms, &lease);
}

static void only_the_host_that_is_cut_off_gives_its_copies_up(void) {
  begin("release");
  held(1000, 7000);
  guest("a", 10, 1000, DOMAIN_RUNNING);
  rules_decide(&rules, 7000, &orders);
  rules_on_result(&rules, 7100, "a", ORDER_SUSPEND, true);
  for (int64_t now = 8000; now <= 600000; now += 1000) {
    pool(now, 3); /* sees most of the pool: the voters' daemons are gone, not this host */
    rules_decide(&rules, now, &orders);
    EXPECT(orders.count == 0);
  }
  for (int64_t now = 601000; now < 661000; now += 1000) {
    pool(now, 1);
    rules_decide(&rules, now, &orders);
    EXPECT(orders.count == 0);
  }
  pool(661000, 1);
  rules_decide(&rules, 661000, &orders);
  EXPECT(ordered(ORDER_DESTROY) == 1);
}

static void a_vmhad_that_writes_no_more_releases_nothing(void) {
  begin("release with a stale file");
  held(1000, 7000);
  guest("a", 10, 1000, DOMAIN_RUNNING);
  rules_decide(&rules, 7000, &orders);
  rules_on_result(&rules, 7100, "a", ORDER_SUSPEND, true);
  struct lease lease = lease_until(7000);
  lease.written_ms = 8000;
  lease.pool_seen = 1;
  for (int64_t now = 8000; now < 600000; now += 1000) {
    rules_on_lease(&rules, now, &lease);
    rules_decide(&rules, now, &orders);
    EXPECT(orders.count == 0);
  }
}

static void a_resume_that_nobody_answered_for_counts_as_running(void) {
  begin("an open resume");
  held(1000, 7000);
  guest("a", 10, 1000, DOMAIN_RUNNING);
  rules_decide(&rules, 7000, &orders);
  rules_on_result(&rules, 7100, "a", ORDER_SUSPEND, true);
  held(8000, 14000);
  rules_decide(&rules, 8000, &orders);
  EXPECT(ordered(ORDER_RESUME) == 1);
  rules_on_result(&rules, 13900, "a", ORDER_RESUME, false);
  guest("a", 10, 13900, DOMAIN_PAUSED);
  rules_decide(&rules, 14000, &orders);
  EXPECT(ordered(ORDER_SUSPEND) == 1);
  rules_decide(&rules, 15000, &orders);
  EXPECT(ordered(ORDER_KILL) == 1);
}

static void a_listing_older_than_an_answer_says_nothing(void) {
  begin("an old listing");
  held(1000, 7000);
  struct domain *domain = guest("a", 10, 1000, DOMAIN_RUNNING);
  rules_decide(&rules, 7000, &orders);
  rules_on_result(&rules, 7100, "a", ORDER_SUSPEND, true);
  rules_on_state(domain, 7050, DOMAIN_RUNNING);
  EXPECT(domain->state == DOMAIN_PAUSED);
  rules_on_state(domain, 7150, DOMAIN_RUNNING);
  EXPECT(domain->state == DOMAIN_RUNNING);
}

static void a_guard_that_restarts_goes_on_where_the_old_one_was(void) {
  begin("a restarted guard");
  rules_recall(&rules, "a", 10, 77, 4);
  held(20000, 26000);
  guest("a", 10, 20000, DOMAIN_PAUSED);
  rules_decide(&rules, 20000, &orders);
  EXPECT(ordered(ORDER_RESUME) == 1);
  begin("a restarted guard, the guest too");
  rules_recall(&rules, "a", 10, 77, 4);
  held(20000, 26000);
  guest("a", 11, 20000, DOMAIN_PAUSED);
  rules_decide(&rules, 20000, &orders);
  EXPECT(orders.count == 0);
}

static void a_caller_whose_leadership_is_over_is_ended(void) {
  begin("the caller");
  struct lease lease = lease_until(50000);
  lease.by_lease = false;
  lease.caller_pid = 4711;
  lease.leading_deadline_ms = 9000;
  rules_on_lease(&rules, 8000, &lease);
  rules_decide(&rules, 8999, &orders);
  EXPECT(orders.kill_caller == 0);
  rules_on_lease(&rules, 8999, NULL);
  rules_decide(&rules, 9000, &orders);
  EXPECT(orders.kill_caller == 4711);
  lease.leading_deadline_ms = 0;
  rules_on_lease(&rules, 9000, &lease);
  rules_decide(&rules, 9000, &orders);
  EXPECT(orders.kill_caller == 0);
}

static void more_guests_than_fit_are_said(void) {
  begin("too many guests");
  held(1000, 7000);
  rules_listing_begins(&rules);
  for (int i = 0; i <= DOMAINS_MAX; i++) {
    char id[16];
    snprintf(id, sizeof id, "g%d", i);
    rules_on_domain(&rules, id, i + 2, 1);
  }
  rules_listing_ends(&rules);
  EXPECT(rules.overflow && rules.count == DOMAINS_MAX);
  rules_decide(&rules, 7000, &orders);
  EXPECT(ordered(ORDER_SUSPEND) == DOMAINS_MAX);
  rules_decide(&rules, 8000, &orders);
  EXPECT(ordered(ORDER_KILL) == DOMAINS_MAX);
}

static const char GOOD[] = "format=1\nhost=hv-1\nboot_id=" BOOT "\nepoch=3\nstate=held\nproofs=bmc,lease\ndeadline_boottime_ms=9000\n"
                           "kill_after_ms=1000\ngrace_ms=2000\nrelease_after_ms=60000\npool_seen=4\npool_size=5\n"
                           "leading_deadline_boottime_ms=0\ncaller_pid=0\nwritten_boottime_ms=3000\nself_test_nonce=abc\n";

static bool reads(const char *text, struct lease *lease, char *why) {
  return lease_parse(text, strlen(text), BOOT, 3000, lease, why);
}

/* The good file with FROM replaced by TO is refused, with a word of WHY in the reason. */
static void refused(const char *from, const char *to, const char *word) {
  char text[LEASE_FILE_MAX];
  char why[WHY_MAX] = "";
  struct lease lease;
  const char *at = strstr(GOOD, from);
  if (at == NULL) {
    abort();
  }
  snprintf(text, sizeof text, "%.*s%s%s", (int)(at - GOOD), GOOD, to, at + strlen(from));
  bool taken = reads(text, &lease, why);
  EXPECT(!taken);
  if (strstr(why, word) == NULL) {
    printf("%s: '%s' instead of '%s' says: %s\n", test, to, from, why);
    failures++;
  }
}

static void the_file_is_read_strictly(void) {
  test = "the lease file";
  struct lease lease;
  char why[WHY_MAX] = "";
  EXPECT(reads(GOOD, &lease, why));
  EXPECT(lease.by_lease && lease.state == LEASE_HELD && lease.epoch == 3 && lease.deadline_ms == 9000 && lease.kill_after_ms == 1000);
  EXPECT(lease.grace_ms == 2000 && lease.release_after_ms == 60000 && lease.pool_seen == 4 && lease.pool_size == 5);
  EXPECT(strcmp(lease.nonce, "abc") == 0);
  EXPECT(lease_parse("", 0, BOOT, 0, &lease, why) == false);
  refused("format=1", "format=2", "different releases");
  refused("format=1\n", "", "different releases");
  refused("abc\n", "abc", "cut off");
  refused(BOOT, "5b9d3f0c-8d8e-4ad4-9f53-2d2b3a1f1c12", "another boot");
  refused("state=held", "state=HELD", "state none, held or sealed");
  refused("epoch=3\n", "", "epoch=");
  refused("epoch=3", "epoch=3\nepoch=3", "once");
  refused("epoch=3", "epoch=-3", "epoch");
  refused("epoch=3", "epoch=", "epoch");
  refused("epoch=3", "epoch 3", "key=value");
  refused("=9000", "=9223372036854775807", "deadline");
  refused("=9000", "=63001", "deadline"); /* more than any lease */
  refused("=9000", "=0x9000", "deadline");
  refused("written_boottime_ms=3000", "written_boottime_ms=5000", "written"); /* from the future */
  refused("kill_after_ms=1000", "kill_after_ms=0", "kill_after_ms");
  refused("kill_after_ms=1000", "kill_after_ms=2001", "kill_after_ms");
  refused("abc", "0123456789012345678901234567890123456789012345678901234567890123456789", "nonce");
  refused("caller_pid=0", "caller_pid=99999999", "caller_pid");

  char binary[LEASE_FILE_MAX];
  unsigned seed = 1;
  for (int round = 0; round < 20000; round++) { /* the good file with some bytes changed: never a crash, never a longer lease */
    size_t length = sizeof GOOD - 1;
    memcpy(binary, GOOD, length);
    for (int i = 0; i < 3; i++) {
      seed = seed * 1103515245u + 12345u;
      binary[(seed >> 8) % length] = (char)(seed >> 24);
    }
    if (lease_parse(binary, length, BOOT, 3000, &lease, why)) {
      expect(lease.deadline_ms <= 3000 + LEASE_MS_MAX, "no endless lease", __LINE__);
    }
  }
}

static void proofs_are_a_list(void) {
  test = "proofs";
  static const struct {
    const char *text;
    bool lease;
  } cases[] = {{"lease", true}, {"bmc", false}, {"lease,bmc", true}, {"", false}, {"bmc,release", false}, {"leases", false}, {"bmc,,lease", true}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char text[LEASE_FILE_MAX];
    char why[WHY_MAX];
    struct lease lease;
    const char *at = strstr(GOOD, "bmc,lease");
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - GOOD), GOOD, cases[i].text, at + 9);
    EXPECT(reads(text, &lease, why));
    EXPECT(lease.by_lease == cases[i].lease);
  }
}

int main(void) {
  a_lease_lets_guests_run();
  the_end_of_the_lease_suspends_and_a_lease_in_the_same_epoch_resumes();
  a_lease_that_is_nearly_over_resumes_nothing();
  what_is_not_suspended_in_time_is_killed_and_what_survives_resets_the_machine();
  a_suspend_that_fails_is_tried_again_until_the_kill();
  a_guard_that_wakes_late_kills_at_once();
  a_guest_that_somebody_resumes_or_starts_without_a_lease_is_killed();
  a_guest_started_before_any_lease_is_suspended_first();
  a_seal_destroys_what_is_paused_and_resumes_nothing();
  a_seal_while_the_lease_runs_ends_it();
  a_new_epoch_destroys_what_was_paused_in_the_old_one();
  a_file_that_is_gone_or_garbage_ends_no_lease_early_and_gives_none();
  a_vmhad_that_restarts_with_state_none_keeps_the_lease_that_was_proven();
  without_the_proof_nothing_is_ever_paused();
  a_guard_that_knows_nothing_does_nothing();
  only_the_host_that_is_cut_off_gives_its_copies_up();
  a_vmhad_that_writes_no_more_releases_nothing();
  a_resume_that_nobody_answered_for_counts_as_running();
  a_listing_older_than_an_answer_says_nothing();
  a_guard_that_restarts_goes_on_where_the_old_one_was();
  a_caller_whose_leadership_is_over_is_ended();
  more_guests_than_fit_are_said();
  the_file_is_read_strictly();
  proofs_are_a_list();
  printf("%d checks, %d failed\n", checks, failures);
  return failures == 0 ? 0 : 1;
}

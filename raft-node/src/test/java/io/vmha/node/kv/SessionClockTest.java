package io.vmha.node.kv;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.node.kv.KvCommand.ExpireSessions;
import io.vmha.node.kv.KvCommand.LiftDelays;
import io.vmha.node.kv.KvCommand.Request;
import io.vmha.node.kv.SessionClock.Renewal;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SessionClockTest {
    private static final long TTL_MS = 10_000;
    private static final Set<String> NOBODY = Set.of();

    private final KvStore store = new KvStore();
    private final SessionClock clock = new SessionClock();
    private long term = 5;
    private long index;
    private long nowMs = 1_000;

    @BeforeEach
    void aLeaderWithASession() {
        clock.onLeadership(nowMs, OptionalLong.of(term), store);
        create("s1", TTL_MS, List.of());
    }

    private void create(String id, long ttlMs, List<String> checks) {
        commit(new KvCommand.CreateSession(new KvSession(id, "", "hv-2", ttlMs, 3_000, false, checks, 0, 0)));
    }

    private void commit(KvCommand command) {
        store.apply(term, ++index, new Request("r" + index, command));
        clock.onStore(nowMs, store);
    }

    private List<KvCommand> dueAt(long atMs) {
        nowMs = atMs;
        return clock.due(nowMs, NOBODY);
    }

    @Test
    void aSessionEndsWhenItWasNotRenewedForTwiceItsTime() {
        assertThat(dueAt(1_000 + 2 * TTL_MS - 1)).isEmpty();

        assertThat(dueAt(1_000 + 2 * TTL_MS)).containsExactly(new ExpireSessions(5, List.of("s1")));
        assertThat(dueAt(1_000 + 3 * TTL_MS)).as("told once").isEmpty();
    }

    @Test
    void aRenewalGivesTheWholeTimeAgain() {
        dueAt(15_000);
        assertThat(clock.renew(nowMs, "s1")).isEqualTo(Renewal.RENEWED);

        assertThat(dueAt(15_000 + 2 * TTL_MS - 1)).isEmpty();
        assertThat(dueAt(15_000 + 2 * TTL_MS)).hasSize(1);
    }

    @Test
    void aSessionThatIsBeingEndedIsNotRenewedEvenIfNobodyKnowsWhetherItsEndIsCommitted() {
        List<KvCommand> end = dueAt(1_000 + 2 * TTL_MS);
        assertThat(clock.renew(nowMs, "s1")).isEqualTo(Renewal.ENDING);

        clock.onFailed(end.get(0));

        assertThat(clock.renew(nowMs, "s1")).isEqualTo(Renewal.ENDING);
        assertThat(dueAt(nowMs + 200)).as("told again").isEqualTo(end);
        commit(end.get(0));
        assertThat(clock.renew(nowMs, "s1")).isEqualTo(Renewal.NO_SESSION);
    }

    @Test
    void aNewLeaderGivesEverySessionItsWholeTimeAgain() {
        clock.onLeadership(nowMs, OptionalLong.empty(), store);
        assertThat(dueAt(90_000)).isEmpty();
        assertThat(clock.renew(nowMs, "s1")).isEqualTo(Renewal.NOT_LEADER);

        term = 7;
        clock.onLeadership(90_000, OptionalLong.of(7), store);

        assertThat(dueAt(90_000 + 2 * TTL_MS - 1)).isEmpty();
        assertThat(dueAt(90_000 + 2 * TTL_MS)).containsExactly(new ExpireSessions(7, List.of("s1")));
    }

    @Test
    void aSessionWithoutATimeLastsForEver() {
        create("eternal", 0, List.of());

        assertThat(dueAt(Long.MAX_VALUE / 2)).containsExactly(new ExpireSessions(5, List.of("s1")));
    }

    @Test
    void aSessionFallsWithItsNodeIfItHasTheCheck() {
        create("checked", 0, List.of(KvSession.SERF_HEALTH));
        create("unchecked", 0, List.of());

        assertThat(clock.due(nowMs, Set.of("hv-3"))).isEmpty();
        assertThat(clock.due(nowMs, Set.of("hv-2"))).containsExactly(new ExpireSessions(5, List.of("checked")));
    }

    @Test
    void aLockDelayIsLiftedByTheLeaderWhenItsTimeIsOver() {
        commit(new KvCommand.Acquire("lock", Value.EMPTY, 0, "s1"));
        nowMs = 5_000;
        commit(new KvCommand.EndSession("s1"));

        assertThat(dueAt(7_999)).isEmpty();
        List<KvCommand> due = dueAt(8_000);

        assertThat(due).containsExactly(new LiftDelays(5, List.of(store.delays().get("lock"))));
        clock.onFailed(due.get(0));
        assertThat(dueAt(8_200)).isEqualTo(due);
        commit(due.get(0));
        assertThat(dueAt(99_000)).isEmpty();
    }
}

package io.vmha.node.kv;

import io.vmha.node.kv.KvCommand.ExpireSessions;
import io.vmha.node.kv.KvCommand.LiftDelays;
import io.vmha.node.kv.KvCommand.LockDelay;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The leader's memory of when each session was heard of last, and of lock delays. Renewals are not committed: a new leader gives every
 * session its whole time again, so no session ends before its TTL whatever happens to leaders.
 *
 * <p>A session that the leader has decided to end is not renewed any more: the decision may be committed at any moment.
 */
public final class SessionClock {
    /** Consul's: a session lasts at least its TTL, and is ended when it has not been renewed for this many. */
    static final int TTLS_UNTIL_END = 2;

    private static final int SESSIONS_ENDED_AT_ONCE_MAX = 100;

    /** What came of a renewal. */
    public enum Renewal {
        /** Its time begins anew. */
        RENEWED,
        /** There is no such session. */
        NO_SESSION,
        /** It is being ended; ask again and it is gone. */
        ENDING,
        /** Only the leader renews, and this node is not it, or does not know it yet. */
        NOT_LEADER
    }

    private final Map<String, Long> endsAtMs = new TreeMap<>();
    private final Map<LockDelay, Long> liftedAtMs = new HashMap<>();
    /** Sessions that are decided to end: not renewed any more. */
    private final Set<String> ending = new HashSet<>();

    /** Those of them whose command is on its way. */
    private final Set<String> proposed = new HashSet<>();

    private final Set<LockDelay> lifting = new HashSet<>();
    private OptionalLong leading = OptionalLong.empty();
    private SortedMap<String, KvSession> sessions = new TreeMap<>();

    /** This node leads in this term and has applied everything before it, or (empty) leads no more. */
    public void onLeadership(long nowMs, OptionalLong term, KvStore store) {
        leading = term;
        endsAtMs.clear();
        liftedAtMs.clear();
        ending.clear();
        proposed.clear();
        lifting.clear();
        onStore(nowMs, store);
    }

    /** A command changed sessions or delays. */
    public void onStore(long nowMs, KvStore store) {
        sessions = store.sessions();
        if (leading.isEmpty()) {
            return;
        }
        endsAtMs.keySet().retainAll(sessions.keySet());
        ending.retainAll(sessions.keySet());
        proposed.retainAll(sessions.keySet());
        for (KvSession session : sessions.values()) {
            if (session.ttlMs() > 0) {
                endsAtMs.putIfAbsent(session.id(), nowMs + TTLS_UNTIL_END * session.ttlMs());
            }
        }
        liftedAtMs.keySet().retainAll(store.delays().values());
        lifting.retainAll(store.delays().values());
        for (LockDelay delay : store.delays().values()) {
            liftedAtMs.putIfAbsent(delay, nowMs + delay.delayMs());
        }
    }

    /** A client renews a session. To be asked only of a node that was the leader when the client asked. */
    public Renewal renew(long nowMs, String id) {
        if (leading.isEmpty()) {
            return Renewal.NOT_LEADER;
        }
        KvSession session = sessions.get(id);
        if (session == null) {
            return Renewal.NO_SESSION;
        }
        if (ending.contains(id)) {
            return Renewal.ENDING;
        }
        if (session.ttlMs() > 0) {
            endsAtMs.put(id, nowMs + TTLS_UNTIL_END * session.ttlMs());
        }
        return Renewal.RENEWED;
    }

    /**
     * What the leader should commit now; each is told once, until {@link #onFailed}.
     *
     * @param lostNodes members that the pool holds for dead
     */
    public List<KvCommand> due(long nowMs, Set<String> lostNodes) {
        if (leading.isEmpty()) {
            return List.of();
        }
        var commands = new ArrayList<KvCommand>();
        List<String> over = sessions.values().stream()
                .filter(s -> !proposed.contains(s.id()))
                .filter(s -> ending.contains(s.id()) || isOver(nowMs, s) || isLost(s, lostNodes))
                .map(KvSession::id)
                .limit(SESSIONS_ENDED_AT_ONCE_MAX)
                .toList();
        if (!over.isEmpty()) {
            ending.addAll(over);
            proposed.addAll(over);
            commands.add(new ExpireSessions(leading.getAsLong(), over));
        }
        List<LockDelay> lifted = liftedAtMs.entrySet().stream()
                .filter(e -> e.getValue() <= nowMs && !lifting.contains(e.getKey()))
                .map(Map.Entry::getKey)
                .sorted(Comparator.comparing(LockDelay::key))
                .limit(SESSIONS_ENDED_AT_ONCE_MAX)
                .toList();
        if (!lifted.isEmpty()) {
            lifting.addAll(lifted);
            commands.add(new LiftDelays(leading.getAsLong(), lifted));
        }
        return commands;
    }

    private static boolean isLost(KvSession session, Set<String> lostNodes) {
        return session.nodeChecks().contains(KvSession.SERF_HEALTH) && lostNodes.contains(session.node());
    }

    private boolean isOver(long nowMs, KvSession session) {
        return Optional.ofNullable(endsAtMs.get(session.id()))
                .map(end -> end <= nowMs)
                .orElse(false);
    }

    /**
     * Nobody knows whether a command of {@link #due} was committed. It is told again; until the store shows what became of it, its
     * sessions stay unrenewed.
     */
    public void onFailed(KvCommand command) {
        if (command instanceof ExpireSessions expire && isOfThisTerm(expire.term())) {
            expire.ids().forEach(proposed::remove);
        } else if (command instanceof LiftDelays lift && isOfThisTerm(lift.term())) {
            lift.delays().forEach(lifting::remove);
        }
    }

    private boolean isOfThisTerm(long term) {
        return leading.equals(OptionalLong.of(term));
    }
}

package io.vmha.gossip.serf;

import io.vmha.gossip.memberlist.NameTable;
import io.vmha.gossip.memberlist.NodeView;
import io.vmha.gossip.wire.LifeState;
import io.vmha.gossip.wire.SerfMessage;
import io.vmha.gossip.wire.StatusTimes;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/**
 * The members and what they intend: serf.go, handleNodeJoin to handleNodeJoinIntent. memberlist says who answers; intents, ordered by
 * Lamport time, say whether silence was announced.
 *
 * <p>States: ALIVE to LEAVING by a leave intent, LEAVING back to ALIVE by a newer join intent, LEAVING to LEFT and ALIVE to FAILED when
 * memberlist loses the node, FAILED to LEFT by a forced leave, any to ALIVE when memberlist finds it again.
 */
final class Members {
    /** Serf: an intent about a member we do not know yet is kept this long. */
    private static final long INTENT_KEPT_MS = 300_000;

    private static final int INTENTS_MAX = 4096;

    /** Twice what memberlist can have alive, so that there is always somebody gone to be forgotten for a newcomer. */
    static final int MEMBERS_MAX = 2 * 16_384;

    /** Serf: broadcast timeout and leave propagation, after which a pruned member that was alive is erased. */
    private static final long PRUNE_DELAY_MS = 6_000;

    private final GossipListener listener;
    private final Consumer<String> onForgotten;
    private final NameTable<SerfMember> members = new NameTable<>();
    /** The same members in an order that means nothing, so that going through all looks at nothing but them. */
    private final List<SerfMember> all = new ArrayList<>();

    private final Map<String, Intent> intents = new LinkedHashMap<>();
    private final SortedMap<String, SerfMember> pruned = new TreeMap<>();
    /** Those that failed or left, in the order in which members were met: in a large pool few, and often looked for. */
    private final SortedMap<Long, SerfMember> gone = new TreeMap<>();

    private long met;
    private long version;

    /**
     * Nobody yet.
     *
     * @param onForgotten told the name of every member that is erased
     */
    Members(GossipListener listener, Consumer<String> onForgotten) {
        this.listener = listener;
        this.onForgotten = onForgotten;
    }

    /** What somebody we do not know yet intends. */
    private record Intent(long ltime, boolean leave, long heardAtMs) {}

    /** Grows with every change. */
    long version() {
        return version;
    }

    List<Member> views() {
        return all.stream()
                .sorted(Comparator.comparing(SerfMember::name))
                .map(SerfMember::view)
                .toList();
    }

    Optional<Member> view(String name) {
        return Optional.ofNullable(members.find(name)).map(SerfMember::view);
    }

    Optional<SerfMember> find(String name) {
        return Optional.ofNullable(members.find(name));
    }

    /** Addresses of up to {@code count} different members that satisfy the condition. */
    List<InetSocketAddress> pick(int count, RandomGenerator random, Predicate<SerfMember> condition) {
        List<InetSocketAddress> candidates = new ArrayList<>();
        for (SerfMember member : all) {
            if (condition.test(member)) {
                candidates.add(member.node().address());
            }
        }
        List<InetSocketAddress> picked = new ArrayList<>();
        while (picked.size() < count && !candidates.isEmpty()) {
            picked.add(candidates.remove(random.nextInt(candidates.size())));
        }
        return picked;
    }

    int count(MemberStatus status) {
        var among = status.isGone() ? gone.values() : all;
        return (int) among.stream().filter(m -> m.status() == status).count();
    }

    int size() {
        return members.size();
    }

    List<SerfMember> failed() {
        return gone.values().stream()
                .filter(m -> m.status() == MemberStatus.FAILED)
                .toList();
    }

    /**
     * When each member last changed its mind, for a push/pull state. Whoever reads it takes it for the time of a join, so of one that is
     * leaving an earlier time is told: its intent must not look old to a peer that has not received it yet.
     */
    StatusTimes statusTimes() {
        var times = new StatusTimes.Builder(all.size());
        for (SerfMember member : all) {
            long time = member.statusTime();
            times.add(member.name(), member.status() == MemberStatus.LEAVING ? Math.max(0, time - 1) : time);
        }
        return times.build();
    }

    List<String> left() {
        List<String> names = new ArrayList<>();
        for (SerfMember member : gone.values()) {
            if (member.status() == MemberStatus.LEFT) {
                names.add(member.name());
            }
        }
        return names;
    }

    void onJoin(long nowMs, NodeView node) {
        version++;
        SerfMember member = members.find(node.name());
        if (member == null) {
            if (members.size() >= MEMBERS_MAX) {
                forgetShortestLife();
            }
            member = new SerfMember(node, nowMs, met++);
            Intent intent = intents.remove(node.name());
            if (intent != null) {
                member.statusTime(intent.ltime());
                member.status(intent.leave() ? MemberStatus.LEAVING : MemberStatus.ALIVE);
            }
            members.add(member);
            member.place(all.size());
            all.add(member);
        } else {
            member.describe(node);
            member.back(nowMs);
            gone.remove(member.order());
            pruned.remove(member.name());
        }
        listener.onJoin(member.view());
    }

    /** Names that somebody invented never lived long; a host that failed did. */
    private void forgetShortestLife() {
        gone.values().stream().min(Comparator.comparingLong(SerfMember::lifeMs)).ifPresent(this::forget);
    }

    private void forget(SerfMember member) {
        version++;
        members.remove(member);
        SerfMember last = all.remove(all.size() - 1); // takes the place of the one that goes
        if (last != member) {
            all.set(member.place(), last);
            last.place(member.place());
        }
        gone.remove(member.order());
        pruned.remove(member.name());
        onForgotten.accept(member.name());
        listener.onReap(member.view());
    }

    void onLeave(long nowMs, NodeView node) {
        SerfMember member = members.find(node.name());
        if (member == null) {
            return;
        }
        version++;
        member.describe(node);
        switch (member.status()) {
            case LEAVING -> {
                lose(member, MemberStatus.LEFT, nowMs);
                listener.onLeave(member.view());
            }
            case ALIVE -> {
                lose(member, MemberStatus.FAILED, nowMs);
                listener.onFailed(member.view());
            }
            case LEFT, FAILED -> {
                // known already
            }
        }
    }

    private void lose(SerfMember member, MemberStatus how, long nowMs) {
        member.gone(how, nowMs);
        gone.put(member.order(), member);
    }

    void onUpdate(NodeView node) {
        SerfMember member = members.find(node.name());
        if (member != null) {
            version++;
            member.describe(node);
            listener.onUpdate(member.view());
        }
    }

    void onSuspect(NodeView node) {
        SerfMember member = members.find(node.name());
        if (member != null) {
            version++;
            member.describe(node);
            member.suspect(true);
            listener.onSuspect(member.view());
        }
    }

    void onRefuted(NodeView node) {
        SerfMember member = members.find(node.name());
        if (member != null && node.state() == LifeState.ALIVE) {
            version++;
            member.describe(node);
            member.suspect(false);
            listener.onRefuted(member.view());
        }
    }

    /** Returns whether the intent is news that should be spread. */
    boolean onJoinIntent(long nowMs, SerfMessage.JoinIntent intent) {
        SerfMember member = members.find(intent.node());
        if (member == null) {
            return remember(nowMs, intent.node(), intent.ltime(), false);
        }
        if (intent.ltime() <= member.statusTime()) {
            return false;
        }
        member.statusTime(intent.ltime());
        if (member.status() == MemberStatus.LEAVING) {
            member.status(MemberStatus.ALIVE); // the leave was of an earlier life
            version++;
        }
        return true;
    }

    /** A peer's state says that the member changed its mind then; whether to join or to leave it does not say (Serf takes it for a join). */
    void onHeardTime(long nowMs, String name, long ltime) {
        SerfMember member = members.find(name);
        if (member == null) {
            remember(nowMs, name, Math.max(0, ltime - 1), false);
        } else if (ltime > member.statusTime()) { // in most states nobody's is
            onJoinIntent(nowMs, new SerfMessage.JoinIntent(ltime, name));
            member.heardStatusTime(ltime);
        }
    }

    boolean isAlive(String name) {
        SerfMember member = members.find(name);
        return member != null && member.status() == MemberStatus.ALIVE;
    }

    /** Tells whether an intent is newer than what the member said last, and about a member we know. */
    boolean isNewsOfLeaving(String name, long ltime) {
        SerfMember member = members.find(name);
        return member != null && member.isOutdatedByLeave(ltime);
    }

    /** Returns whether the intent is news that should be spread. Intents about ourselves are the caller's decision. */
    boolean onLeaveIntent(long nowMs, SerfMessage.LeaveIntent intent) {
        SerfMember member = members.find(intent.node());
        if (member == null) {
            return remember(nowMs, intent.node(), intent.ltime(), true);
        }
        if (!member.isOutdatedByLeave(intent.ltime())) {
            return false;
        }
        version++;
        member.statusTime(intent.ltime());
        switch (member.status()) {
            case ALIVE -> {
                member.status(MemberStatus.LEAVING);
                if (intent.prune()) {
                    member.pruneAt(nowMs + PRUNE_DELAY_MS);
                    pruned.put(member.name(), member);
                }
            }
            case FAILED -> {
                lose(member, MemberStatus.LEFT, nowMs);
                listener.onLeave(member.view());
            }
            case LEAVING, LEFT -> {
                // nothing new but its time
            }
        }
        if (intent.prune() && member.pruneAtMs() == Long.MAX_VALUE) {
            member.pruneAt(nowMs);
            pruned.put(member.name(), member);
        }
        return true;
    }

    private boolean remember(long nowMs, String name, long ltime, boolean leave) {
        Intent known = intents.get(name);
        if (known != null && known.ltime() >= ltime) {
            return false;
        }
        intents.remove(name);
        if (intents.size() >= INTENTS_MAX) {
            intents.remove(intents.keySet().iterator().next());
        }
        intents.put(name, new Intent(ltime, leave, nowMs));
        return true;
    }

    long nextPruneMs() {
        long next = Long.MAX_VALUE;
        if (pruned.isEmpty()) {
            return next;
        }
        for (SerfMember member : pruned.values()) {
            next = Math.min(next, member.pruneAtMs());
        }
        return next;
    }

    void prune(long nowMs) {
        if (pruned.isEmpty()) {
            return;
        }
        pruned.values().stream()
                .filter(member -> member.pruneAtMs() <= nowMs)
                .toList()
                .forEach(this::forget);
    }

    /** Forgets who has been gone for long. */
    void reap(long nowMs, long failedMs, long leftMs) {
        var forgotten = new ArrayList<SerfMember>(0); // mostly none
        for (SerfMember member : gone.values()) {
            boolean over = switch (member.status()) {
                case ALIVE, LEAVING -> false;
                case FAILED -> member.goneForMs(nowMs) > ReconnectTimeout.of(member.view(), failedMs);
                case LEFT -> member.goneForMs(nowMs) > leftMs;
            };
            if (over) {
                forgotten.add(member);
            }
        }
        forgotten.forEach(this::forget);
        intents.values().removeIf(intent -> nowMs - intent.heardAtMs() > INTENT_KEPT_MS);
    }
}

package io.vmha.gossip.rpc;

import io.vmha.gossip.serf.Member;
import io.vmha.gossip.serf.UserEvent;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes few events of many, as Serf does for its event handlers and clients (serf coalesce.go, coalesce_member.go, coalesce_user.go): of
 * what happened to a member the latest counts, of user events of one name that may be coalesced those with the latest Lamport time. What
 * has been gathered is told once nothing more has come for a while, and at the latest a while after the first. It is fed events and time;
 * all times are milliseconds of one monotonic clock.
 *
 * <p>States of each of the two gatherings: EMPTY (initial) to GATHERING by an event, back to EMPTY by {@link #onTimer}.
 */
public final class EventCoalescer {
    /** Serf CoalescePeriod and UserCoalescePeriod. */
    static final long GATHER_MAX_MS = 3_000;

    /** Serf QuiescentPeriod and UserQuiescentPeriod. */
    static final long QUIET_MS = 1_000;

    /** Names of user events, and events of one name, that are gathered; what goes beyond is told at once. */
    static final int EVENTS_MAX = 512;

    private final Sink sink;
    private final Map<String, Gathered> members = new LinkedHashMap<>();
    private final Map<String, RpcMemberEvent> told = new LinkedHashMap<>(); // of members that are not forgotten
    private final Map<String, List<UserEvent>> users = new LinkedHashMap<>();
    private final Window memberWindow = new Window();
    private final Window userWindow = new Window();

    /** Who is told. */
    public interface Sink {
        /** The same happened to these members. */
        void onMembers(RpcMemberEvent event, List<Member> members);

        /** Somebody sent an event. */
        void onUserEvent(UserEvent event);
    }

    private record Gathered(RpcMemberEvent event, Member member) {}

    /** How long there may still be gathered. */
    private static final class Window {
        private long endMs = Long.MAX_VALUE;
        private long quietAtMs = Long.MAX_VALUE;

        void onEvent(long nowMs) {
            endMs = endMs == Long.MAX_VALUE ? nowMs + GATHER_MAX_MS : endMs;
            quietAtMs = nowMs + QUIET_MS;
        }

        long deadlineMs() {
            return Math.min(endMs, quietAtMs);
        }

        void close() {
            endMs = Long.MAX_VALUE;
            quietAtMs = Long.MAX_VALUE;
        }
    }

    public EventCoalescer(Sink sink) {
        this.sink = sink;
    }

    /** Something happened to a member. */
    public void onMember(long nowMs, RpcMemberEvent event, Member member) {
        members.put(member.name(), new Gathered(event, member)); // as many as there are members
        memberWindow.onEvent(nowMs);
    }

    /** Somebody sent an event. One that its sender did not mark waits for nothing. */
    public void onUserEvent(long nowMs, UserEvent event) {
        List<UserEvent> latest = users.get(event.name());
        boolean full = latest == null ? users.size() >= EVENTS_MAX : latest.size() >= EVENTS_MAX;
        if (!event.coalesce() || (full && latest == null)) {
            sink.onUserEvent(event);
            return;
        }
        if (latest == null || latest.get(0).ltime() < event.ltime()) {
            users.put(event.name(), new ArrayList<>(List.of(event)));
        } else if (latest.get(0).ltime() == event.ltime() && !full) {
            latest.add(event);
        }
        userWindow.onEvent(nowMs);
    }

    /** When {@link #onTimer} must be called at the latest. */
    public long nextDeadlineMs() {
        return Math.min(memberWindow.deadlineMs(), userWindow.deadlineMs());
    }

    /** Tells what has been gathered, if it is time. */
    public void onTimer(long nowMs) {
        if (memberWindow.deadlineMs() <= nowMs) {
            memberWindow.close();
            tellOfMembers();
        }
        if (userWindow.deadlineMs() <= nowMs) {
            userWindow.close();
            List<List<UserEvent>> all = List.copyOf(users.values());
            users.clear();
            all.forEach(events -> events.forEach(sink::onUserEvent));
        }
    }

    /** One record for each kind of event. Whoever is again what was told of it last is not worth a word, unless its tags changed. */
    private void tellOfMembers() {
        Map<RpcMemberEvent, List<Member>> byEvent = new EnumMap<>(RpcMemberEvent.class);
        members.forEach((name, gathered) -> {
            RpcMemberEvent before =
                    gathered.event() == RpcMemberEvent.REAP ? told.remove(name) : told.put(name, gathered.event());
            if (before != gathered.event() || before == RpcMemberEvent.UPDATE) {
                byEvent.computeIfAbsent(gathered.event(), any -> new ArrayList<>())
                        .add(gathered.member());
            }
        });
        members.clear();
        byEvent.forEach(sink::onMembers);
    }
}

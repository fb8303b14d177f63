package io.vmha.gossip.serf;

import io.vmha.gossip.memberlist.Delegate;
import io.vmha.gossip.memberlist.JoinResult;
import io.vmha.gossip.memberlist.Memberlist;
import io.vmha.gossip.memberlist.MemberlistStats;
import io.vmha.gossip.memberlist.NodeView;
import io.vmha.gossip.memberlist.Outbox;
import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.Coordinate;
import io.vmha.gossip.wire.KeyRequest;
import io.vmha.gossip.wire.Message;
import io.vmha.gossip.wire.NodeAddress;
import io.vmha.gossip.wire.SerfMessage;
import io.vmha.gossip.wire.SerfMessage.EventBody;
import io.vmha.gossip.wire.SerfMessageCodec;
import io.vmha.gossip.wire.SerfMessageListener;
import io.vmha.gossip.wire.Tags;
import io.vmha.gossip.wire.WireFormatException;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * One Serf node on top of its own {@link Memberlist}. It is fed messages and time; all times are milliseconds of one monotonic clock.
 * After every input, {@link #nextDeadlineMs} tells when {@link #onTimer} is due at the latest.
 */
public final class Serf {
    /** Serf: name and payload of a user event, and also the encoded event. */
    public static final int USER_EVENT_BYTES_MAX = 512;

    private final SerfConfig config;
    private final String name;
    private final RandomGenerator random;
    private final SerfListener listener;
    private final Memberlist memberlist;
    private final Vivaldi vivaldi;
    private final Members members;
    private final LamportClock clock = new LamportClock();
    private final LamportClock eventClock = new LamportClock();
    private final LamportClock queryClock = new LamportClock();
    private final EventRing events = new EventRing(eventClock);
    private final Queries queries;
    private final News news;
    private final Departure departure;
    private long nextReconnectMs;
    private long nextReapMs;
    private int joinsRunning;
    private boolean replaying;
    private boolean voteRunning;
    private long undecodable;

    /** A node that is not started yet. */
    public Serf(SerfConfig config, RandomGenerator random, Outbox outbox, SerfListener listener) {
        this.config = config;
        this.name = config.memberlist().name();
        this.random = random;
        this.listener = listener;
        this.vivaldi = new Vivaldi(name, random);
        this.members = new Members(listener, vivaldi::forget);
        this.memberlist = new Memberlist(config.memberlist(), random, outbox, new Below());
        this.news = new News(config.memberlist().profile().retransmitMult(), memberlist::nodeCount);
        InternalQueries internal = new InternalQueries(name, members, config.keyring(), listener);
        this.queries = new Queries(
                config.memberlist(), queryClock, members, news, random, internal, listener, memberlist::sendUser);
        this.departure = new Departure(
                config.memberlist().profile().leaveDelayMs(), this::repeatLeaveIntent, listener::onLeaveFinished);
    }

    /** Starts the node, alone at first. */
    public void start(long nowMs) {
        nextReconnectMs = nowMs + config.reconnectIntervalMs();
        nextReapMs = nowMs + config.reapIntervalMs();
        memberlist.start(nowMs, Tags.encode(config.tags()));
    }

    /** Goes on with the clocks of an earlier life, right after the start: what it heard is not heard again. */
    public void restore(Snapshot.Times times) {
        clock.witness(times.clock());
        eventClock.witness(times.eventClock());
        queryClock.witness(times.queryClock());
        events.ignoreBefore(times.eventClock() + 1);
        queries.ignoreBefore(times.queryClock() + 1);
    }

    /** How far the clocks are, to be restored in a later life. */
    public Snapshot.Times times() {
        return new Snapshot.Times(clock.time() - 1, eventClock.time() - 1, queryClock.time() - 1);
    }

    /** Handles one message of a datagram that came from this address. */
    public void onMessage(long nowMs, InetSocketAddress from, Message message) {
        memberlist.onMessage(nowMs, from, message);
    }

    /** A peer connected and sent this request; the answer, if any, is given to the outbox before this returns. */
    public void onStreamRequest(long nowMs, long streamId, Message request) {
        memberlist.onStreamRequest(nowMs, streamId, request);
    }

    /** The reply to a stream we opened. */
    public void onStreamReply(long nowMs, long streamId, Message reply) {
        memberlist.onStreamReply(nowMs, streamId, reply);
    }

    /** A stream we opened brought no reply. */
    public void onStreamFailed(long nowMs, long streamId, String reason) {
        memberlist.onStreamFailed(nowMs, streamId, reason);
    }

    /** A datagram to this address was refused by our own operating system. */
    public void onSendFailed(long nowMs, InetSocketAddress to) {
        memberlist.onSendFailed(nowMs, to);
    }

    /** Tells the moment of the next input finer than in milliseconds, of the same clock; round trips are measured with it. Optional. */
    public void instant(long micros) {
        memberlist.instant(micros);
    }

    /** When to call {@link #onTimer} at the latest. May be in the past: then at once. */
    public long nextDeadlineMs() {
        long next = Math.min(memberlist.nextDeadlineMs(), Math.min(nextReconnectMs, nextReapMs));
        next = Math.min(next, Math.min(departure.deadlineMs(), members.nextPruneMs()));
        return Math.min(next, queries.nextDeadlineMs());
    }

    /** Does everything that is due. */
    public void onTimer(long nowMs) {
        memberlist.onTimer(nowMs);
        departure.onTimer(nowMs, memberlist);
        queries.onTimer(nowMs);
        members.prune(nowMs);
        if (nextReapMs <= nowMs) {
            nextReapMs = nowMs + config.reapIntervalMs();
            members.reap(nowMs, config.reconnectTimeoutMs(), config.tombstoneTimeoutMs());
        }
        if (nextReconnectMs <= nowMs) {
            nextReconnectMs = nowMs + config.reconnectIntervalMs();
            reconnect(nowMs);
        }
    }

    /** Failed members come back by being asked; with many of them, each node asks rarely. */
    private void reconnect(long nowMs) {
        List<SerfMember> failed = members.failed();
        if (failed.isEmpty()) {
            return;
        }
        int alive = Math.max(1, members.size() - failed.size() - members.count(MemberStatus.LEFT));
        if (random.nextDouble() <= (double) failed.size() / alive) {
            SerfMember chosen = failed.get(random.nextInt(failed.size()));
            memberlist.join(nowMs, 0, List.of(chosen.node().address()));
        }
    }

    /**
     * Joins a pool through any of these peers; user events from before are not delivered.
     *
     * @param joinId above 0; the listener hears the result under it
     */
    public void join(long nowMs, long joinId, List<InetSocketAddress> peers) {
        if (joinsRunning++ == 0) {
            replaying = false;
        }
        startJoin(nowMs, joinId, peers);
    }

    /** The same, but user events that the pool still remembers are delivered. */
    public void joinWithReplay(long nowMs, long joinId, List<InetSocketAddress> peers) {
        joinsRunning++;
        replaying = true;
        startJoin(nowMs, joinId, peers);
    }

    private void startJoin(long nowMs, long joinId, List<InetSocketAddress> peers) {
        if (joinId < 1) {
            throw new IllegalArgumentException("a join id is at least 1, not " + joinId);
        }
        memberlist.join(nowMs, joinId, peers);
    }

    /**
     * Declares that a failed member has left, or erases it. Of one that is alive it is said in vain: it contradicts.
     *
     * @param prune forget the member instead of remembering for long that it left
     * @param onSpread called when the pool has been told, or there is nobody to tell
     */
    public void forceLeave(long nowMs, String member, boolean prune, Runnable onSpread) {
        SerfMessage.LeaveIntent intent = new SerfMessage.LeaveIntent(clock.next(), member, prune);
        onLeaveIntent(nowMs, intent);
        if (somebodyHears()) {
            news.addIntent(SerfMessageCodec.encode(intent), onSpread);
        } else {
            onSpread.run();
        }
    }

    private boolean somebodyHears() {
        return memberlist.nodes().stream()
                .anyMatch(node -> !node.name().equals(name) && !node.state().isDeadOrLeft());
    }

    /** Leaves the pool in good order; the listener hears when that is done. Asking twice changes nothing. */
    public void leave(long nowMs) {
        if (departure.hasBegun()) {
            return;
        }
        SerfMessage.LeaveIntent intent = new SerfMessage.LeaveIntent(clock.next(), name, false);
        boolean somebodyHears = somebodyHears();
        departure.begin(nowMs, somebodyHears);
        members.onLeaveIntent(nowMs, intent);
        if (somebodyHears) {
            news.addIntent(SerfMessageCodec.encode(intent), departure::onIntentSpread);
        }
    }

    private void repeatLeaveIntent() {
        if (somebodyHears()) {
            news.addIntent(SerfMessageCodec.encode(new SerfMessage.LeaveIntent(clock.next(), name, false)), () -> {});
        }
    }

    /**
     * Publishes new tags instead of the old ones.
     *
     * @throws IllegalArgumentException if they do not fit into 512 bytes
     */
    public void setTags(long nowMs, SortedMap<String, String> tags) {
        memberlist.updateMeta(nowMs, Tags.encode(tags));
    }

    /**
     * Checks the size of a user event before it is sent.
     *
     * @throws IllegalArgumentException if it is too large for Serf
     */
    public static void requireSendable(String eventName, Bytes payload) {
        EventBody body = new EventBody(eventName, payload);
        int size = Bytes.utf8(eventName).length() + payload.length();
        int encoded = SerfMessageCodec.encode(new SerfMessage.UserEvent(Long.MAX_VALUE, body, false))
                .length();
        if (size > USER_EVENT_BYTES_MAX || encoded > USER_EVENT_BYTES_MAX) {
            throw new IllegalArgumentException("user event " + eventName + " exceeds the limit of "
                    + USER_EVENT_BYTES_MAX + " bytes: name and payload have " + size + ", encoded " + encoded);
        }
    }

    /**
     * Sends an event to all members, ourselves included.
     *
     * @param coalesce of several such events at once, receivers may act upon the latest only
     */
    public void userEvent(long nowMs, String eventName, Bytes payload, boolean coalesce) {
        requireSendable(eventName, payload);
        SerfMessage.UserEvent event =
                new SerfMessage.UserEvent(eventClock.next(), new EventBody(eventName, payload), coalesce);
        new Arrival(nowMs, SerfMessageCodec.encode(event)).onUserEvent(event);
    }

    /**
     * Asks all members, ourselves included.
     *
     * @throws IllegalArgumentException if the encoded question has more than 1024 bytes
     * @throws IllegalStateException if more than 512 questions are open
     */
    public void ask(long nowMs, Question question, QueryListener answers) {
        queries.ask(nowMs, question, answers);
    }

    /**
     * Answers a question that the listener heard.
     *
     * @return false if it was answered already or its time is over
     * @throws IllegalArgumentException if the answer has more than 1024 bytes
     */
    public boolean respond(long nowMs, long queryId, Bytes payload) {
        return queries.respond(nowMs, queryId, payload);
    }

    /** Lets all members open messages with one more key. */
    public void installKey(long nowMs, Bytes key, Consumer<KeyResult> onDone) {
        askForKeys(nowMs, InternalQueries.INSTALL_KEY, key, onDone);
    }

    /** Lets all members seal messages with a key they have. */
    public void useKey(long nowMs, Bytes key, Consumer<KeyResult> onDone) {
        askForKeys(nowMs, InternalQueries.USE_KEY, key, onDone);
    }

    /** Lets all members forget a key they do not seal with. */
    public void removeKey(long nowMs, Bytes key, Consumer<KeyResult> onDone) {
        askForKeys(nowMs, InternalQueries.REMOVE_KEY, key, onDone);
    }

    /** Asks all members for their keys. */
    public void listKeys(long nowMs, Consumer<KeyResult> onDone) {
        askForKeys(nowMs, InternalQueries.LIST_KEYS, Bytes.EMPTY, onDone);
    }

    private void askForKeys(long nowMs, String query, Bytes key, Consumer<KeyResult> onDone) {
        int nodes = (int) memberlist.nodes().stream()
                .filter(node -> !node.state().isDeadOrLeft())
                .count();
        queries.ask(nowMs, Question.of(query, new KeyRequest(key).encode()), new KeyTally(nodes, onDone));
    }

    /** All members, sorted by name, ourselves included. */
    public List<Member> members() {
        return members.views();
    }

    /** One member; nothing if nobody of this name is known. */
    public Optional<Member> member(String wanted) {
        return members.view(wanted);
    }

    /** What a member is doing; nothing if nobody of this name is known. */
    public Optional<MemberStatus> status(String member) {
        return members.find(member).map(SerfMember::status);
    }

    /** Grows whenever {@link #members} may have changed. */
    public long membersVersion() {
        return members.version();
    }

    /** Where a member is in the network; nothing before it answered a ping of ours. */
    public Optional<Coordinate> coordinate(String member) {
        return vivaldi.of(member);
    }

    /** Lamport times and what else Serf's own statistics show. */
    public SerfStats stats() {
        return new SerfStats(
                members.size(),
                members.count(MemberStatus.FAILED),
                members.count(MemberStatus.LEFT),
                clock.time(),
                eventClock.time(),
                queryClock.time(),
                news.intentCount(),
                news.eventCount(),
                news.queryCount(),
                vivaldi.resets());
    }

    /** Counters of the layer below. */
    public MemberlistStats memberlistStats() {
        return memberlist.stats();
    }

    /** Serf messages that could not be read, and answers of ours that were too long to be sent. */
    public long undecodable() {
        return undecodable + queries.oversized();
    }

    /** Serf messages waiting to be spread. */
    public int queued() {
        return news.size();
    }

    private void broadcastJoinIntent(long nowMs) {
        SerfMessage.JoinIntent intent = new SerfMessage.JoinIntent(clock.time(), name);
        clock.witness(intent.ltime());
        members.onJoinIntent(nowMs, intent);
        news.addIntent(SerfMessageCodec.encode(intent), () -> {});
    }

    /** memberlist's calls upwards. */
    private final class Below implements Delegate {
        @Override
        public void onJoin(long nowMs, NodeView node) {
            members.onJoin(nowMs, node);
        }

        @Override
        public void onLeave(long nowMs, NodeView node) {
            members.onLeave(nowMs, node);
        }

        @Override
        public void onUpdate(long nowMs, NodeView node) {
            members.onUpdate(node);
        }

        @Override
        public void onSuspect(long nowMs, NodeView node, String accuser) {
            members.onSuspect(node);
        }

        @Override
        public void onRefuted(long nowMs, NodeView node) {
            members.onRefuted(node);
        }

        @Override
        public void onConflict(long nowMs, NodeView existing, InetSocketAddress claimant) {
            members.view(existing.name()).ifPresent(member -> listener.onNameConflict(member, claimant));
            if (existing.name().equals(name) && !voteRunning) {
                voteRunning = true;
                NodeAddress ours = NodeAddress.of(config.memberlist().address());
                NameVote vote = new NameVote(ours, listener::onNameLost, () -> voteRunning = false);
                queries.ask(nowMs, Question.of(InternalQueries.CONFLICT, Bytes.utf8(name)), vote);
            }
        }

        @Override
        public Bytes ackPayload() {
            return vivaldi.ours().encode();
        }

        @Override
        public void onPingAnswered(long nowMs, NodeView node, long roundTripMicros, Bytes payload) {
            if (payload.isEmpty()) {
                return; // plain memberlist, or coordinates switched off
            }
            try {
                vivaldi.onRoundTrip(node.name(), Coordinate.decode(payload), roundTripMicros / 1e6);
            } catch (WireFormatException foreign) {
                undecodable++;
            }
        }

        @Override
        public void onUserMessage(long nowMs, Bytes body) {
            try {
                SerfMessageCodec.decode(body).deliverTo(new Arrival(nowMs, body));
            } catch (WireFormatException damaged) {
                undecodable++;
            }
        }

        @Override
        public void onJoinFinished(long nowMs, long joinId, JoinResult result) {
            if (joinId == 0) {
                return; // an attempt to reconnect
            }
            joinsRunning--;
            if (result.contacted() > 0) {
                broadcastJoinIntent(nowMs);
            }
            listener.onJoinFinished(joinId, result);
        }

        @Override
        public void onLeaveSpread(long nowMs) {
            departure.onDeathSpread(nowMs);
        }

        @Override
        public boolean hasBroadcasts() {
            return !news.isEmpty();
        }

        @Override
        public List<Bytes> broadcasts(int overheadBytes, int limitBytes) {
            return news.take(overheadBytes, limitBytes);
        }

        @Override
        public Bytes localState() {
            return SerfMessageCodec.encode(new SerfMessage.State(
                    clock.time(),
                    members.statusTimes(),
                    members.left(),
                    eventClock.time(),
                    events.recent(),
                    queryClock.time()));
        }

        @Override
        public void mergeRemoteState(long nowMs, Bytes state, boolean join) {
            if (SerfMessageCodec.decode(state) instanceof SerfMessage.State remote) {
                merge(nowMs, remote, join);
            } else {
                throw new WireFormatException("the state of a push/pull exchange is a different Serf message");
            }
        }
    }

    private void merge(long nowMs, SerfMessage.State remote, boolean join) {
        clock.witness(remote.ltime() - 1);
        eventClock.witness(remote.eventLtime() - 1);
        queryClock.witness(remote.queryLtime() - 1);
        Map<String, Long> left = new HashMap<>(); // looked up only
        remote.leftMembers().forEach(member -> left.put(member, 0L));
        if (!left.isEmpty()) {
            remote.statusTimes().forEach((member, ltime) -> left.replace(member, ltime));
        }
        for (String member : remote.leftMembers()) {
            // memberlist has merged its part already: who is alive here after that is back, and the peer has not heard
            // of it. Serf takes
            // the peer's word and shows such a member as leaving for good, and its later death as a leave
            if (!member.equals(name) && members.isAlive(member)) {
                continue;
            }
            long ltime = Math.min(left.get(member), Long.MAX_VALUE - 1) + 1;
            onLeaveIntent(nowMs, new SerfMessage.LeaveIntent(ltime, member, false));
        }
        remote.statusTimes().forEach((member, ltime) -> {
            if (left.isEmpty() || !left.containsKey(member)) {
                clock.witness(ltime);
                members.onHeardTime(nowMs, member, ltime);
            }
        });
        if (join && joinsRunning > 0 && !replaying) {
            events.ignoreBefore(remote.eventLtime());
        }
        for (SerfMessage.RecentEvents recent : remote.events()) {
            for (EventBody body : recent.events()) {
                SerfMessage.UserEvent event = new SerfMessage.UserEvent(recent.ltime(), body, false);
                new Arrival(nowMs, Bytes.EMPTY).deliver(event, false);
            }
        }
    }

    /** Returns whether the intent should be spread on. */
    private boolean onLeaveIntent(long nowMs, SerfMessage.LeaveIntent intent) {
        clock.witness(intent.ltime());
        if (intent.node().equals(name) && !departure.hasBegun()) {
            if (members.isNewsOfLeaving(name, intent.ltime())) {
                broadcastJoinIntent(nowMs); // we are here: serf.go, handleNodeLeaveIntent
            }
            return false;
        }
        return members.onLeaveIntent(nowMs, intent);
    }

    /** One Serf message with its circumstances; what is news goes on in its original bytes. */
    private final class Arrival implements SerfMessageListener {
        private final long nowMs;
        private final Bytes original;

        Arrival(long nowMs, Bytes original) {
            this.nowMs = nowMs;
            this.original = original;
        }

        @Override
        public void onLeaveIntent(SerfMessage.LeaveIntent intent) {
            if (Serf.this.onLeaveIntent(nowMs, intent)) {
                news.addIntent(original, () -> {});
            }
        }

        @Override
        public void onJoinIntent(SerfMessage.JoinIntent intent) {
            clock.witness(intent.ltime());
            if (members.onJoinIntent(nowMs, intent)) {
                news.addIntent(original, () -> {});
            }
        }

        @Override
        public void onState(SerfMessage.State state) {
            throw new WireFormatException("a Serf state does not come as a user message");
        }

        @Override
        public void onUserEvent(SerfMessage.UserEvent event) {
            deliver(event, true);
        }

        void deliver(SerfMessage.UserEvent event, boolean spread) {
            if (events.add(event.ltime(), event.body())) {
                listener.onUserEvent(
                        new UserEvent(event.body().name(), event.body().payload(), event.ltime(), event.coalesce()));
                if (spread) {
                    news.addEvent(original);
                }
            }
        }

        @Override
        public void onQuery(SerfMessage.Query query) {
            queries.onQuery(nowMs, query, original);
        }

        @Override
        public void onQueryResponse(SerfMessage.QueryResponse response) {
            queries.onResponse(response);
        }

        @Override
        public void onRelay(SerfMessage.Relay relay) {
            if (relay.destination().isComplete() && !relay.message().isEmpty()) {
                memberlist.sendUser(
                        relay.destination().toSocketAddress(relay.destination().port()), relay.message());
            }
        }
    }
}

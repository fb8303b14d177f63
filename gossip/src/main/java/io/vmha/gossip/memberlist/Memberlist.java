package io.vmha.gossip.memberlist;

import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.Message;
import io.vmha.gossip.wire.MessageListener;
import java.net.InetSocketAddress;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * One node of a memberlist cluster. It is fed messages and time and writes to its {@link Outbox}; all times are milliseconds of one
 * monotonic clock. After every input, {@link #nextDeadlineMs} tells when {@link #onTimer} is due at the latest.
 */
public final class Memberlist {
    /** memberlist: how long a leave may take to spread. */
    private static final long LEAVE_SPREAD_MAX_MS = 5_000;

    private final Counters counters = new Counters();
    private final MemberTable table = new MemberTable();
    private final Awareness awareness;
    private final Gossip gossip;
    private final Membership membership;
    private final Streams streams;
    private final Prober prober;
    private final Delegate delegate;
    private final long pauseMs;
    private long leaveBegunAtMs;
    private long leaveDeadlineMs = Long.MAX_VALUE;
    private boolean leaving;

    private long dueMs = Long.MAX_VALUE;

    /** A node that is not started yet. */
    public Memberlist(MemberlistConfig config, RandomGenerator random, Outbox outbox, Delegate delegate) {
        this.delegate = delegate;
        this.pauseMs = config.profile().probeIntervalMs();
        awareness = new Awareness(config.profile().awarenessMax());
        ProbeRing ring = new ProbeRing(random);
        gossip = new Gossip(config, table, random, outbox, delegate);
        membership = new Membership(config, table, ring, gossip, awareness, delegate, counters);
        streams = new Streams(config, table, membership, random, outbox, delegate, counters);
        prober = new Prober(config, table, ring, membership, gossip, awareness, random, streams, counters, delegate);
    }

    /** Starts probing and gossiping, alone at first. */
    public void start(long nowMs, Bytes meta) {
        gossip.start(nowMs);
        prober.start(nowMs);
        streams.start(nowMs);
        membership.start(nowMs, meta);
        noteWhatIsDue(nowMs);
    }

    /** Handles one message of a datagram that came from this address. */
    public void onMessage(long nowMs, InetSocketAddress from, Message message) {
        noticePause(nowMs);
        message.deliverTo(new Arrival(nowMs, from));
        noteWhatIsDue(nowMs);
    }

    /** A peer connected and sent this request; the answer, if any, is given to the outbox before this returns. */
    public void onStreamRequest(long nowMs, long streamId, Message request) {
        noticePause(nowMs);
        streams.onRequest(nowMs, streamId, request);
        noteWhatIsDue(nowMs);
    }

    /** The reply to a stream we opened. */
    public void onStreamReply(long nowMs, long streamId, Message reply) {
        noticePause(nowMs);
        streams.onReply(nowMs, streamId, reply);
        noteWhatIsDue(nowMs);
    }

    /** A stream we opened brought no reply. */
    public void onStreamFailed(long nowMs, long streamId, String reason) {
        streams.onFailed(nowMs, streamId, reason);
    }

    /** A datagram to this address was refused by our own operating system. */
    public void onSendFailed(long nowMs, InetSocketAddress to) {
        prober.onSendFailed(nowMs, to);
    }

    /**
     * An input that comes long after something was due means that this process did not run in between, or not enough. Then the silence of
     * others proves nothing: their answers may still wait in the socket.
     */
    private void noticePause(long nowMs) {
        if (dueMs != Long.MAX_VALUE && nowMs - dueMs > pauseMs) {
            membership.onPause(nowMs - dueMs);
            prober.onPause();
            counters.pauses++;
            dueMs = nowMs;
        }
    }

    private void noteWhatIsDue(long nowMs) {
        dueMs = Math.max(nowMs, Math.min(prober.nextDeadlineMs(), membership.nextDeadlineMs()));
    }

    /**
     * Tells the moment of the next input finer than in milliseconds, of the same clock; round trips are measured with it. Optional.
     */
    public void instant(long micros) {
        prober.instant(micros);
    }

    /** When to call {@link #onTimer} at the latest. May be in the past: then at once. */
    public long nextDeadlineMs() {
        long next = Math.min(gossip.nextDeadlineMs(), prober.nextDeadlineMs());
        next = Math.min(next, Math.min(membership.nextDeadlineMs(), streams.nextDeadlineMs()));
        return Math.min(next, leaveDeadlineMs);
    }

    /** Does everything that is due. */
    public void onTimer(long nowMs) {
        noticePause(nowMs);
        prober.onTimer(nowMs);
        membership.onTimer(nowMs);
        streams.onTimer(nowMs);
        gossip.onTimer(nowMs);
        if (leaving && leaveDeadlineMs <= nowMs) {
            leaving = false;
            leaveDeadlineMs = Long.MAX_VALUE;
            delegate.onLeaveSpread(nowMs);
        }
        noteWhatIsDue(nowMs);
    }

    /** Exchanges states with these peers, all at once; the delegate hears the result under this id. */
    public void join(long nowMs, long joinId, List<InetSocketAddress> peers) {
        streams.join(nowMs, joinId, peers);
    }

    /** Tells everybody that we leave; the delegate hears when that has been spread. We still answer pings afterwards. */
    public void leave(long nowMs) {
        leaving = true;
        leaveBegunAtMs = nowMs;
        leaveDeadlineMs = nowMs + LEAVE_SPREAD_MAX_MS;
        boolean somebodyHears = membership.leave(nowMs, this::onLeaveSpread);
        if (!somebodyHears) {
            leaveDeadlineMs = nowMs;
        }
    }

    private void onLeaveSpread() {
        if (leaving) {
            leaveDeadlineMs = leaveBegunAtMs; // past, so at once
        }
    }

    /** Publishes new metadata. */
    public void updateMeta(long nowMs, Bytes meta) {
        membership.updateMeta(nowMs, meta);
    }

    /** Sends a message of the layer above to one address, best effort, at once. */
    public void sendUser(InetSocketAddress to, Bytes body) {
        gossip.sendBare(to, List.of(new Message.User(body)), false);
    }

    /** All nodes we know, the recently dead included, sorted by name. */
    public List<NodeView> nodes() {
        return table.all().stream()
                .sorted(Comparator.comparing(Node::name))
                .map(Node::view)
                .toList();
    }

    /** One node we know. */
    public Optional<NodeView> node(String name) {
        return table.find(name).map(Node::view);
    }

    /** Number of nodes we know, the recently dead included: what limits and intervals scale with. */
    public int nodeCount() {
        return table.size();
    }

    /** Counters for metrics. */
    public MemberlistStats stats() {
        return new MemberlistStats(
                counters.suspicions,
                counters.refutations,
                counters.deaths,
                counters.conflicts,
                counters.refusedNodes,
                counters.refusedMerges,
                counters.probes,
                counters.failedProbes,
                counters.pauses,
                awareness.score(),
                gossip.queued());
    }

    /** One message with its circumstances. */
    private final class Arrival implements MessageListener {
        private final long nowMs;
        private final InetSocketAddress from;

        Arrival(long nowMs, InetSocketAddress from) {
            this.nowMs = nowMs;
            this.from = from;
        }

        @Override
        public void onPing(Message.Ping ping) {
            prober.onPing(from, ping);
        }

        @Override
        public void onIndirectPing(Message.IndirectPing ping) {
            prober.onIndirectPing(nowMs, from, ping);
        }

        @Override
        public void onAck(Message.Ack ack) {
            prober.onAck(nowMs, ack);
        }

        @Override
        public void onNack(Message.Nack nack) {
            prober.onNack(nack);
        }

        @Override
        public void onSuspect(Message.Suspect suspect) {
            membership.onSuspect(nowMs, suspect);
        }

        @Override
        public void onAlive(Message.Alive alive) {
            membership.onAlive(nowMs, alive);
        }

        @Override
        public void onDead(Message.Dead dead) {
            membership.onDead(nowMs, dead);
        }

        @Override
        public void onUser(Message.User user) {
            delegate.onUserMessage(nowMs, user.body());
        }

        @Override
        public void onPushPull(Message.PushPull state) {
            throw new IllegalStateException("a push/pull state does not come in a datagram");
        }

        @Override
        public void onErrorReply(Message.ErrorReply error) {
            // has a meaning on streams only
        }
    }
}

package io.vmha.gossip.memberlist;

import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.Message;
import io.vmha.gossip.wire.WireFormatException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** Everything over TCP: push/pull exchanges, periodic and for joining, and pings that UDP did not get through. */
final class Streams {
    /** Added to the adapter's own time limit before we give up waiting for its report. */
    private static final long GRACE_MS = 2_000;

    /** memberlist util.go, pushPullScaleThreshold: beyond this, exchanges become rarer. */
    private static final int SCALE_THRESHOLD = 32;

    private static final int FAILURES_KEPT = 16;

    private final MemberlistConfig config;
    private final MemberTable table;
    private final Membership membership;
    private final RandomGenerator random;
    private final Outbox outbox;
    private final Delegate delegate;
    private final Counters counters;
    private final Map<Long, Exchange> exchanges = new LinkedHashMap<>();
    private long nextPushPullMs;
    private long lastStreamId;

    Streams(
            MemberlistConfig config,
            MemberTable table,
            Membership membership,
            RandomGenerator random,
            Outbox outbox,
            Delegate delegate,
            Counters counters) {
        this.config = config;
        this.table = table;
        this.membership = membership;
        this.random = random;
        this.outbox = outbox;
        this.delegate = delegate;
        this.counters = counters;
    }

    /** A stream we opened, and what to do with its reply. */
    private interface Exchange {
        long deadlineMs();

        void onReply(long nowMs, Message reply);

        void onFailed(long nowMs, String reason);
    }

    private record TcpPing(long sequence, Runnable onAnswer, long deadlineMs) implements Exchange {
        @Override
        public void onReply(long nowMs, Message reply) {
            if (reply instanceof Message.Ack ack && ack.sequence() == sequence) {
                onAnswer.run();
            }
        }

        @Override
        public void onFailed(long nowMs, String reason) {
            // the probe ends by its own deadline
        }
    }

    private final class PushPullExchange implements Exchange {
        private final InetSocketAddress peer;
        private final Join join;
        private final long deadlineMs;

        PushPullExchange(InetSocketAddress peer, Join join, long deadlineMs) {
            this.peer = peer;
            this.join = join;
            this.deadlineMs = deadlineMs;
        }

        @Override
        public long deadlineMs() {
            return deadlineMs;
        }

        @Override
        public void onReply(long nowMs, Message reply) {
            if (reply instanceof Message.PushPull state) {
                String refusal = merge(nowMs, state);
                join.onPeerDone(nowMs, peer, refusal);
            } else if (reply instanceof Message.ErrorReply error) {
                join.onPeerDone(nowMs, peer, "remote error: " + error.text());
            } else {
                join.onPeerDone(
                        nowMs, peer, "unexpected reply " + reply.getClass().getSimpleName());
            }
        }

        @Override
        public void onFailed(long nowMs, String reason) {
            join.onPeerDone(nowMs, peer, reason);
        }
    }

    /** A join under way; id 0 is the periodic exchange that nobody waits for. */
    private final class Join {
        private final long joinId;
        private final boolean asked;
        private int outstanding;
        private int contacted;
        private final List<String> failures = new ArrayList<>();

        Join(long joinId, boolean asked, int peers) {
            this.joinId = joinId;
            this.asked = asked;
            this.outstanding = peers;
        }

        void onPeerDone(long nowMs, InetSocketAddress peer, String failure) {
            outstanding--;
            if (failure.isEmpty()) {
                contacted++;
            } else if (failures.size() < FAILURES_KEPT) {
                failures.add(peer + ": " + failure);
            }
            if (asked && outstanding == 0) {
                delegate.onJoinFinished(nowMs, joinId, new JoinResult(contacted, failures));
            }
        }
    }

    void start(long nowMs) {
        nextPushPullMs = nowMs + random.nextLong(config.profile().pushPullIntervalMs());
    }

    long nextDeadlineMs() {
        long next = nextPushPullMs;
        if (exchanges.isEmpty()) {
            return next;
        }
        for (Exchange exchange : exchanges.values()) {
            next = Math.min(next, exchange.deadlineMs());
        }
        return next;
    }

    void onTimer(long nowMs) {
        if (!exchanges.isEmpty()) {
            giveUpWaiting(nowMs);
        }
        if (nextPushPullMs <= nowMs) {
            nextPushPullMs = nowMs + scaledIntervalMs();
            List<Node> peers = table.pick(1, random, node -> node.isAlive() && !node.isOurs());
            Join unasked = new Join(0, false, peers.size());
            peers.forEach(node -> pushPull(nowMs, node.address(), unasked));
        }
    }

    private void giveUpWaiting(long nowMs) {
        for (Map.Entry<Long, Exchange> entry : List.copyOf(exchanges.entrySet())) {
            if (entry.getValue().deadlineMs() <= nowMs) {
                onFailed(nowMs, entry.getKey(), "no answer in time");
            }
        }
    }

    private long scaledIntervalMs() {
        int nodes = table.size();
        int factor = 1;
        if (nodes > SCALE_THRESHOLD) {
            factor += (int) Math.ceil(Math.log(nodes) / Math.log(2) - Math.log(SCALE_THRESHOLD) / Math.log(2));
        }
        return config.profile().pushPullIntervalMs() * factor;
    }

    void join(long nowMs, long joinId, List<InetSocketAddress> peers) {
        Join join = new Join(joinId, true, peers.size());
        if (peers.isEmpty()) {
            delegate.onJoinFinished(nowMs, joinId, new JoinResult(0, List.of()));
        }
        peers.forEach(peer -> pushPull(nowMs, peer, join));
    }

    private void pushPull(long nowMs, InetSocketAddress peer, Join join) {
        long timeoutMs = config.profile().tcpTimeoutMs();
        PushPullExchange exchange = new PushPullExchange(peer, join, nowMs + timeoutMs + GRACE_MS);
        open(peer, localState(join.asked), timeoutMs, exchange);
    }

    void ping(long nowMs, InetSocketAddress peer, Message.Ping ping, long timeoutMs, Runnable onAnswer) {
        open(peer, ping, timeoutMs, new TcpPing(ping.sequence(), onAnswer, nowMs + timeoutMs + GRACE_MS));
    }

    private void open(InetSocketAddress peer, Message request, long timeoutMs, Exchange exchange) {
        long streamId = ++lastStreamId;
        exchanges.put(streamId, exchange);
        outbox.openStream(streamId, peer, request, timeoutMs);
    }

    private Message.PushPull localState(boolean join) {
        return new Message.PushPull(join, membership.states(), delegate.localState());
    }

    void onReply(long nowMs, long streamId, Message reply) {
        Exchange exchange = exchanges.remove(streamId);
        if (exchange != null) {
            exchange.onReply(nowMs, reply);
        }
    }

    void onFailed(long nowMs, long streamId, String reason) {
        Exchange exchange = exchanges.remove(streamId);
        if (exchange != null) {
            exchange.onFailed(nowMs, reason);
        }
    }

    /** A peer connected to us and sent this. Our state goes out before its state is taken over, as in memberlist net.go. */
    void onRequest(long nowMs, long streamId, Message request) {
        if (request instanceof Message.PushPull state) {
            outbox.replyStream(streamId, localState(state.join()));
            merge(nowMs, state);
        } else if (request instanceof Message.Ping ping) {
            if (ping.node().isEmpty() || membership.isSelf(ping.node())) {
                outbox.replyStream(streamId, new Message.Ack(ping.sequence(), Bytes.EMPTY));
            }
        } else if (request instanceof Message.User user) {
            delegate.onUserMessage(nowMs, user.body());
        }
    }

    /** Returns why the state was refused, or nothing. */
    private String merge(long nowMs, Message.PushPull state) {
        try {
            membership.merge(nowMs, state.nodes());
            if (!state.userState().isEmpty()) {
                delegate.mergeRemoteState(nowMs, state.userState(), state.join());
            }
            return "";
        } catch (WireFormatException refused) {
            counters.refusedMerges++;
            return refused.getMessage();
        }
    }
}

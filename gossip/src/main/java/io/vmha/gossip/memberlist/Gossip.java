package io.vmha.gossip.memberlist;

import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.LifeState;
import io.vmha.gossip.wire.Message;
import io.vmha.gossip.wire.MessageCodec;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Spreads news: a few random nodes at every tick, and whatever space is left in packets that are sent anyway. */
final class Gossip {
    private static final int COMPOUND_HEADER_BYTES = 2;
    private static final int COMPOUND_PART_BYTES = 2;
    private static final int USER_TYPE_BYTES = 1;
    private static final int PARTS_MAX = 255;

    private final MemberlistConfig config;
    private final MemberTable table;
    private final RandomGenerator random;
    private final Outbox outbox;
    private final Delegate delegate;
    private final BroadcastQueue queue = new BroadcastQueue(MemberTable.NODES_MAX);
    private long nextTickMs;
    /** There is news whose tick has its time. */
    private boolean ticking;

    Gossip(MemberlistConfig config, MemberTable table, RandomGenerator random, Outbox outbox, Delegate delegate) {
        this.config = config;
        this.table = table;
        this.random = random;
        this.outbox = outbox;
        this.delegate = delegate;
    }

    void start(long nowMs) {
        nextTickMs = nowMs + random.nextLong(config.profile().gossipIntervalMs());
    }

    /** Queues news about a node; it replaces older news about the same one. */
    void spread(Message news, String subject, Runnable onDone) {
        queue.replace(MessageCodec.encode(news), subject, onDone);
    }

    void spread(Message news, String subject) {
        spread(news, subject, () -> {});
    }

    int queued() {
        return queue.size();
    }

    /** Sends a message now, with news in the space that is left. */
    void sendDirect(InetSocketAddress to, Message message) {
        Bytes encoded = MessageCodec.encode(message);
        if (!hasNews()) {
            outbox.sendPacket(to, List.of(encoded), false);
            return;
        }
        List<Bytes> parts = new ArrayList<>();
        parts.add(encoded);
        parts.addAll(news(bytesFree() - encoded.length()));
        outbox.sendPacket(to, parts.size() > PARTS_MAX ? parts.subList(0, PARTS_MAX) : parts, false);
    }

    /** Sends messages now, as they are. */
    void sendBare(InetSocketAddress to, List<Message> messages, boolean checksum) {
        outbox.sendPacket(to, messages.stream().map(MessageCodec::encode).toList(), checksum);
    }

    private int bytesFree() {
        return config.profile().packetBytes() - COMPOUND_HEADER_BYTES - config.packetOverheadBytes();
    }

    private List<Bytes> news(int limitBytes) {
        int transmitLimit = BroadcastQueue.transmitLimit(config.profile().retransmitMult(), table.size());
        List<Bytes> messages = new ArrayList<>(queue.take(COMPOUND_PART_BYTES, limitBytes, transmitLimit));
        int free = limitBytes;
        for (Bytes message : messages) {
            free -= message.length() + COMPOUND_PART_BYTES;
        }
        if (free > COMPOUND_PART_BYTES + USER_TYPE_BYTES) {
            messages.addAll(delegate.broadcasts(COMPOUND_PART_BYTES, free));
        }
        ticking &= hasNews();
        return messages;
    }

    private boolean hasNews() {
        return !queue.isEmpty() || delegate.hasBroadcasts();
    }

    /** A node with nothing to tell needs no tick. When it has news again this may be in the past: then {@link #onTimer} finds the next one. */
    long nextDeadlineMs() {
        return hasNews() ? nextTickMs : Long.MAX_VALUE;
    }

    /** Ticks come at fixed moments as memberlist's do, whenever the news came: all nodes ticking at once would be a burst. */
    void onTimer(long nowMs) {
        if (!hasNews() || nowMs < nextTickMs) {
            return;
        }
        boolean due = ticking || nowMs == nextTickMs;
        ticking = true;
        long intervalMs = config.profile().gossipIntervalMs();
        nextTickMs += intervalMs * (Math.floorDiv(nowMs - nextTickMs, intervalMs) + 1);
        if (due) {
            tick(nowMs);
        }
    }

    private void tick(long nowMs) {
        for (Node node : table.pick(config.profile().gossipNodes(), random, node -> hears(node, nowMs))) {
            List<Bytes> messages = news(bytesFree());
            if (messages.isEmpty()) {
                return;
            }
            for (int from = 0; from < messages.size(); from += PARTS_MAX) {
                List<Bytes> parts = messages.subList(from, Math.min(from + PARTS_MAX, messages.size()));
                outbox.sendPacket(node.address(), parts, node.readsChecksums());
            }
        }
    }

    /** The dead hear gossip for a while, so that one that is not dead can refute. */
    private boolean hears(Node node, long nowMs) {
        if (node.isOurs() || node.state() == LifeState.LEFT) {
            return false;
        }
        return node.state() != LifeState.DEAD
                || node.msInState(nowMs) <= config.profile().gossipToTheDeadMs();
    }
}

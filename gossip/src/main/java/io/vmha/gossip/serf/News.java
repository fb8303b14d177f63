package io.vmha.gossip.serf;

import io.vmha.gossip.memberlist.BroadcastQueue;
import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.Message;
import io.vmha.gossip.wire.MessageCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntSupplier;

/** Serf messages waiting to be spread; intents go before queries, queries before events. */
final class News {
    /** Serf MaxQueueDepth. */
    private static final int QUEUE_MAX = 4096;

    private final BroadcastQueue intents = new BroadcastQueue(QUEUE_MAX);
    private final BroadcastQueue queries = new BroadcastQueue(QUEUE_MAX);
    private final BroadcastQueue events = new BroadcastQueue(QUEUE_MAX);
    private final List<BroadcastQueue> queues = List.of(intents, queries, events);
    private final int retransmitMult;
    private final IntSupplier nodeCount;

    News(int retransmitMult, IntSupplier nodeCount) {
        this.retransmitMult = retransmitMult;
        this.nodeCount = nodeCount;
    }

    void addIntent(Bytes message, Runnable onDone) {
        intents.add(wrapped(message), onDone);
    }

    void addQuery(Bytes message) {
        queries.add(wrapped(message), () -> {});
    }

    void addEvent(Bytes message) {
        events.add(wrapped(message), () -> {});
    }

    /** As memberlist carries it. It is sent a dozen times and more, and wrapped once. */
    private static Bytes wrapped(Bytes message) {
        return MessageCodec.encode(new Message.User(message));
    }

    boolean isEmpty() {
        return size() == 0;
    }

    int size() {
        return intents.size() + queries.size() + events.size();
    }

    int intentCount() {
        return intents.size();
    }

    int queryCount() {
        return queries.size();
    }

    int eventCount() {
        return events.size();
    }

    List<Bytes> take(int overheadBytes, int limitBytes) {
        int transmitLimit = BroadcastQueue.transmitLimit(retransmitMult, nodeCount.getAsInt());
        List<Bytes> messages = new ArrayList<>();
        int free = limitBytes;
        for (BroadcastQueue queue : queues) {
            for (Bytes message : queue.take(overheadBytes, free, transmitLimit)) {
                free -= message.length() + overheadBytes;
                messages.add(message);
            }
        }
        return messages;
    }
}

package io.vmha.sim.gossip;

import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.Message;
import io.vmha.gossip.wire.MessageCodec;
import java.util.HashMap;
import java.util.Map;

/**
 * Reads what the nodes of a pool send each other. News goes to every node a dozen times in the same bytes: it is read once, and all nodes
 * share what was read, which is immutable.
 */
final class Letters {
    /** Far above the pieces of news that are on their way at a time. */
    private static final int KEPT_MAX = 100_000;

    /** Pings and their answers have lower types; each of them is sent once. */
    private static final int FIRST_NEWS_TYPE = 3;

    private final Map<Bytes, Message> kept = new HashMap<>(); // looked up only

    Message read(Bytes letter) {
        if (letter.at(0) < FIRST_NEWS_TYPE) {
            return MessageCodec.decode(letter);
        }
        Message known = kept.get(letter);
        if (known == null) {
            if (kept.size() >= KEPT_MAX) {
                kept.clear();
            }
            known = MessageCodec.decode(letter);
            kept.put(letter, known);
        }
        return known;
    }
}

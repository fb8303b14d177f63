package io.vmha.node.control;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How many bytes of changes this host has proposed that are not answered yet. Each is held in memory until it is committed, which may take
 * as long as there is no leader, and a client may send another one on every connection.
 */
final class ChangesUnderWay {
    /** Eight of the largest values, each of which is in memory about three times. */
    static final long BYTES_MAX = 4L << 20;
    /** A small one, such as the end of a session, always gets through: there are no more of them than connections. */
    static final int SMALL_BYTES = 4_096;

    private final AtomicLong bytes = new AtomicLong();

    /** Takes room for a change; false if there is none. What was taken is given back by {@link #end}. */
    boolean begin(int length) {
        long now = bytes.addAndGet(length);
        if (now > BYTES_MAX && length > SMALL_BYTES) {
            end(length);
            return false;
        }
        return true;
    }

    void end(int length) {
        bytes.addAndGet(-length);
    }
}

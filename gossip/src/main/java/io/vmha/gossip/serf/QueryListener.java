package io.vmha.gossip.serf;

import io.vmha.gossip.wire.Bytes;

/** Hears what comes back to a query we asked. Called on the gossip thread: hand over and return. */
public interface QueryListener {
    /** A member has received the question; once per member. */
    void onAck(String from);

    /** A member answered; once per member. */
    void onResponse(String from, Bytes payload);

    /** The time is over; nothing more comes. */
    void onFinished();
}

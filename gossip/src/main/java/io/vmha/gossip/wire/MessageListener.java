package io.vmha.gossip.wire;

/** Handles messages, one method per kind, so that a new kind breaks every handler at compile time. */
public interface MessageListener {
    void onPing(Message.Ping ping);

    void onIndirectPing(Message.IndirectPing ping);

    void onAck(Message.Ack ack);

    void onNack(Message.Nack nack);

    void onSuspect(Message.Suspect suspect);

    void onAlive(Message.Alive alive);

    void onDead(Message.Dead dead);

    void onUser(Message.User user);

    void onPushPull(Message.PushPull state);

    void onErrorReply(Message.ErrorReply error);
}

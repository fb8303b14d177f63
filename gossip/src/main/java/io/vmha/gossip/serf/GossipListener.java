package io.vmha.gossip.serf;

/** Hears what happens in the pool, at once and in order. Called on the gossip thread: hand over and return. */
public interface GossipListener {
    /** A member is alive that was unknown, failed or gone. */
    void onJoin(Member member);

    /** A member left on purpose. */
    void onLeave(Member member);

    /** A member is dead without having said goodbye. */
    void onFailed(Member member);

    /** Tags or versions of a member changed. */
    void onUpdate(Member member);

    /** A member does not answer and is suspected; it may still refute. */
    void onSuspect(Member member);

    /** A suspected member proved that it is alive. */
    void onRefuted(Member member);

    /** A member sent an event to all; seen once, in no particular order. */
    void onUserEvent(UserEvent event);
}

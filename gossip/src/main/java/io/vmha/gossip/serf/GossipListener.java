package io.vmha.gossip.serf;

/** Hears what happens in the pool, at once and in order. Called on the gossip thread: hand over and return. */
public interface GossipListener {
    /** A member is alive that was unknown, failed or gone. */
    void onJoin(Member member);

    /** A member left on purpose. */
    void onLeave(Member member);

    /** A member is dead without having said goodbye. */
    void onFailed(Member member);

    /** A member that was failed or gone for long, or that an operator pruned, is forgotten. */
    default void onReap(Member member) {}

    /** Tags or versions of a member changed. */
    void onUpdate(Member member);

    /** A member does not answer and is suspected; it may still refute. */
    void onSuspect(Member member);

    /** A suspected member proved that it is alive. */
    void onRefuted(Member member);

    /** A member sent an event to all; seen once, in no particular order. */
    void onUserEvent(UserEvent event);

    /** Somebody asks; whoever has an answer gives it in time. Most members have none to any question, so the default is silence. */
    default void onQuery(Query query) {}

    /** An operator made this member leave the pool, and it has left; its owner should end. */
    default void onLeftByOperator() {}

    /** Most of the pool knows another node by our name: one of the two must be renamed. Nothing is stopped because of it. */
    default void onNameLost() {}
}

package io.vmha.gossip.rpc;

/** What can happen to a member, as clients hear it. */
public enum RpcMemberEvent {
    JOIN(RpcEvents.JOIN),
    LEAVE(RpcEvents.LEAVE),
    FAILED(RpcEvents.FAILED),
    UPDATE(RpcEvents.UPDATE),
    REAP(RpcEvents.REAP);

    private final String kind;

    RpcMemberEvent(String kind) {
        this.kind = kind;
    }

    String kind() {
        return kind;
    }
}

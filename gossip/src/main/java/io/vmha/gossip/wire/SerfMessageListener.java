package io.vmha.gossip.wire;

/** Handles Serf messages, one method per kind. */
public interface SerfMessageListener {
    void onLeaveIntent(SerfMessage.LeaveIntent intent);

    void onJoinIntent(SerfMessage.JoinIntent intent);

    void onState(SerfMessage.State state);

    void onUserEvent(SerfMessage.UserEvent event);

    void onQuery(SerfMessage.Query query);

    void onQueryResponse(SerfMessage.QueryResponse response);

    void onRelay(SerfMessage.Relay relay);
}

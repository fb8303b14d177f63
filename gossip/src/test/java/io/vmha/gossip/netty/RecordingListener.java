package io.vmha.gossip.netty;

import io.vmha.gossip.serf.GossipListener;
import io.vmha.gossip.serf.Member;
import io.vmha.gossip.serf.Query;
import io.vmha.gossip.serf.UserEvent;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Remembers the events of a pool as short words. */
class RecordingListener implements GossipListener {
    private final List<String> events = new CopyOnWriteArrayList<>();
    private volatile long lastQuery;

    List<String> events() {
        return List.copyOf(events);
    }

    @Override
    public void onJoin(Member member) {
        events.add("join " + member.name());
    }

    @Override
    public void onLeave(Member member) {
        events.add("leave " + member.name());
    }

    @Override
    public void onFailed(Member member) {
        events.add("failed " + member.name());
    }

    @Override
    public void onUpdate(Member member) {
        events.add("update " + member.name() + " " + member.tags());
    }

    @Override
    public void onSuspect(Member member) {
        events.add("suspect " + member.name());
    }

    @Override
    public void onRefuted(Member member) {
        events.add("refuted " + member.name());
    }

    @Override
    public void onQuery(Query query) {
        lastQuery = query.id();
        events.add("query " + query.name() + " " + query.payload().lenientText());
    }

    @Override
    public void onNameLost() {
        events.add("name lost");
    }

    long lastQuery() {
        return lastQuery;
    }

    @Override
    public void onUserEvent(UserEvent event) {
        events.add("event " + event.name() + " " + event.payload().lenientText());
    }
}

package io.vmha.gossip.memberlist;

import io.vmha.gossip.wire.Bytes;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/** Keeps what memberlist said, as short words. */
final class RecordingDelegate implements Delegate {
    private final List<String> heard = new ArrayList<>();

    List<String> take() {
        List<String> taken = List.copyOf(heard);
        heard.clear();
        return taken;
    }

    @Override
    public void onJoin(long nowMs, NodeView node) {
        heard.add("join " + node.name());
    }

    @Override
    public void onLeave(long nowMs, NodeView node) {
        heard.add(node.state() + " " + node.name());
    }

    @Override
    public void onUpdate(long nowMs, NodeView node) {
        heard.add("update " + node.name());
    }

    @Override
    public void onSuspect(long nowMs, NodeView node, String accuser) {
        heard.add("suspect " + node.name() + " by " + accuser);
    }

    @Override
    public void onRefuted(long nowMs, NodeView node) {
        heard.add("refuted " + node.name());
    }

    @Override
    public void onConflict(long nowMs, NodeView existing, InetSocketAddress claimant) {
        heard.add("conflict " + existing.name());
    }

    @Override
    public void onPingAnswered(long nowMs, NodeView node, long roundTripMicros, Bytes payload) {
        heard.add("answered " + node.name() + " after " + roundTripMicros + " us with " + payload);
    }

    @Override
    public void onUserMessage(long nowMs, Bytes body) {
        heard.add("user " + body);
    }

    @Override
    public void onJoinFinished(long nowMs, long joinId, JoinResult result) {
        heard.add("joined " + result.contacted() + " " + result.failures());
    }

    @Override
    public void onLeaveSpread(long nowMs) {
        heard.add("leave spread");
    }

    @Override
    public boolean hasBroadcasts() {
        return false;
    }

    @Override
    public List<Bytes> broadcasts(int overheadBytes, int limitBytes) {
        return List.of();
    }

    @Override
    public Bytes localState() {
        return Bytes.EMPTY;
    }

    @Override
    public void mergeRemoteState(long nowMs, Bytes state, boolean join) {
        heard.add("state " + state);
    }
}

package io.vmha.gossip.memberlist;

import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.LifeState;
import io.vmha.gossip.wire.Message;
import io.vmha.gossip.wire.NodeAddress;
import io.vmha.gossip.wire.Vsn;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** One memberlist in virtual time, for tests that say what it hears and look at what it sends. */
final class DrivenNode {
    static final long STARTED_MS = 1_000;

    final RecordingOutbox outbox = new RecordingOutbox();
    final RecordingDelegate delegate = new RecordingDelegate();
    final Memberlist us;
    private final List<RecordingOutbox.Sent> sent = new ArrayList<>();
    long nowMs = STARTED_MS;

    DrivenNode() {
        this(Profile.LAN);
    }

    DrivenNode(Profile profile) {
        us = new Memberlist(
                new MemberlistConfig("us", address(1), profile, 0), new SplittableRandom(7), outbox, delegate);
        us.start(nowMs, Bytes.EMPTY);
        delegate.take();
    }

    static InetSocketAddress address(int host) {
        try {
            return new InetSocketAddress(InetAddress.getByAddress(new byte[] {10, 0, 0, (byte) host}), 8301);
        } catch (UnknownHostException impossible) {
            throw new AssertionError(impossible);
        }
    }

    static Message.Alive alive(String node, int host, long incarnation) {
        return alive(node, host, incarnation, Vsn.OURS);
    }

    static Message.Alive alive(String node, int host, long incarnation, Vsn vsn) {
        return new Message.Alive(node, incarnation, NodeAddress.of(address(host)), Bytes.EMPTY, vsn);
    }

    void hear(Message... messages) {
        for (Message message : messages) {
            us.onMessage(nowMs, address(2), message);
        }
    }

    /** Lets time pass, running every timer that is due, with nobody answering. */
    void pass(long durationMs) {
        long endMs = nowMs + durationMs;
        while (us.nextDeadlineMs() <= endMs) {
            step();
        }
        nowMs = endMs;
    }

    /** Runs the next timer. */
    void step() {
        nowMs = Math.max(nowMs, us.nextDeadlineMs());
        us.onTimer(nowMs);
    }

    /** Runs timers until a message of this kind is sent, and returns all of them that were sent by then. */
    <T extends Message> List<T> until(Class<T> kind) {
        List<T> found = outbox.take(kind);
        for (int steps = 0; found.isEmpty(); steps++) {
            if (steps > 10_000) {
                throw new AssertionError("no " + kind.getSimpleName() + " is ever sent");
            }
            step();
            found = outbox.take(kind);
        }
        return found;
    }

    LifeState stateOf(String node) {
        return us.node(node).orElseThrow().state();
    }

    long incarnationOf(String node) {
        return us.node(node).orElseThrow().incarnation();
    }

    int health() {
        return us.stats().healthScore();
    }

    /** What was sent, and to whom, since the last look. */
    List<RecordingOutbox.Sent> sent() {
        sent.clear();
        sent.addAll(outbox.takePackets());
        return List.copyOf(sent);
    }
}

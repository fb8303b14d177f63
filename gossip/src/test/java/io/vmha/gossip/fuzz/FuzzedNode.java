package io.vmha.gossip.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.gossip.memberlist.JoinResult;
import io.vmha.gossip.memberlist.MemberlistConfig;
import io.vmha.gossip.memberlist.Outbox;
import io.vmha.gossip.memberlist.Profile;
import io.vmha.gossip.serf.Member;
import io.vmha.gossip.serf.Serf;
import io.vmha.gossip.serf.SerfConfig;
import io.vmha.gossip.serf.SerfListener;
import io.vmha.gossip.serf.UserEvent;
import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.Keyring;
import io.vmha.gossip.wire.Message;
import io.vmha.gossip.wire.MessageCodec;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** A whole Serf node without sockets, that is told whatever somebody sends, in virtual time. */
final class FuzzedNode implements Outbox, SerfListener {
    /** What one input may make us send: answers, relays, and a tick of gossip. */
    private static final int PACKETS_PER_INPUT_MAX = 64;

    private static final int TIMERS_PER_INPUT_MAX = 10_000;
    private static final int MEMBERS_MAX = 2 * 16_384;
    private static final long PING = 4_000_000_000L;

    private final Serf serf;
    private final InetSocketAddress stranger = address(66);
    private long nowMs = 1_000;
    private int packets;
    private boolean answered;

    FuzzedNode(long seed, Keyring keyring) {
        MemberlistConfig config = new MemberlistConfig("fuzzed", address(1), Profile.LAN, 0);
        serf = new Serf(
                SerfConfig.of(config, new TreeMap<>(Map.of("is", "fuzzed"))).withKeyring(keyring),
                new SplittableRandom(seed),
                this,
                this);
        serf.start(nowMs);
    }

    private static InetSocketAddress address(int host) {
        try {
            return new InetSocketAddress(InetAddress.getByAddress(new byte[] {10, 0, 0, (byte) host}), 8301);
        } catch (UnknownHostException impossible) {
            throw new AssertionError(impossible);
        }
    }

    /** Changes with everything that members or clocks learn. */
    String state() {
        return serf.membersVersion() + " " + serf.times() + " " + serf.queued();
    }

    void hear(Message message) {
        packets = 0;
        serf.onMessage(nowMs, stranger, message);
        assertThat(packets).as("packets sent because of one message").isLessThanOrEqualTo(PACKETS_PER_INPUT_MAX);
    }

    void hearOnStream(long streamId, Message request) {
        packets = 0;
        serf.onStreamRequest(nowMs, streamId, request);
        assertThat(packets).as("packets sent because of one request").isLessThanOrEqualTo(PACKETS_PER_INPUT_MAX);
    }

    /** Lets time pass. */
    void pass(long durationMs) {
        nowMs += durationMs;
        for (int timers = 0; serf.nextDeadlineMs() <= nowMs; timers++) {
            assertThat(timers).as("timers due at once").isLessThan(TIMERS_PER_INPUT_MAX);
            serf.onTimer(nowMs);
        }
    }

    /** The node still works, and has not grown beyond its bounds. */
    void requireSound() {
        answered = false;
        serf.onMessage(nowMs, stranger, new Message.Ping(PING, "fuzzed", Message.Source.NONE));
        assertThat(answered).as("the node answers a ping").isTrue();
        List<Member> members = serf.members();
        assertThat(members.size()).isLessThanOrEqualTo(MEMBERS_MAX);
        assertThat(members)
                .as("it still knows itself")
                .anyMatch(member -> member.name().equals("fuzzed"));
        assertThat(serf.queued()).isLessThanOrEqualTo(3 * 4096);
        assertThat(serf.memberlistStats().queued()).isLessThanOrEqualTo(16_384);
    }

    @Override
    public void sendPacket(InetSocketAddress to, List<Bytes> parts, boolean checksum) {
        packets++;
        if (MessageCodec.decode(parts.get(0)) instanceof Message.Ack ack && ack.sequence() == PING) {
            answered = true;
        }
    }

    @Override
    public void openStream(long streamId, InetSocketAddress to, Message request, long timeoutMs) {
        // nobody answers; the node gives up by itself
    }

    @Override
    public void replyStream(long streamId, Message reply) {
        // the stranger does not care
    }

    @Override
    public void onJoin(Member member) {}

    @Override
    public void onLeave(Member member) {}

    @Override
    public void onFailed(Member member) {}

    @Override
    public void onUpdate(Member member) {}

    @Override
    public void onSuspect(Member member) {}

    @Override
    public void onRefuted(Member member) {}

    @Override
    public void onUserEvent(UserEvent event) {}

    @Override
    public void onJoinFinished(long joinId, JoinResult result) {}

    @Override
    public void onLeaveFinished() {}

    @Override
    public void onKeyringChanged(Keyring keyring) {}

    @Override
    public void onNameConflict(Member member, InetSocketAddress claimant) {}
}

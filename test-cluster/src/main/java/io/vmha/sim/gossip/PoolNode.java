package io.vmha.sim.gossip;

import io.vmha.gossip.memberlist.JoinResult;
import io.vmha.gossip.memberlist.MemberlistConfig;
import io.vmha.gossip.memberlist.Outbox;
import io.vmha.gossip.memberlist.Profile;
import io.vmha.gossip.serf.Member;
import io.vmha.gossip.serf.MemberStatus;
import io.vmha.gossip.serf.Serf;
import io.vmha.gossip.serf.SerfConfig;
import io.vmha.gossip.serf.SerfListener;
import io.vmha.gossip.serf.UserEvent;
import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.Keyring;
import io.vmha.gossip.wire.Message;
import io.vmha.sim.Simulation;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Consumer;

/** One process of the pool: a real {@link Serf}, which may be killed, restarted, paused and told to leave. */
final class PoolNode {
    /** What a paused process finds in its socket; the rest has been dropped. */
    private static final int SOCKET_PACKETS_MAX = 256;

    private static final long RETRY_JOIN_MS = 5_000;

    private final Simulation sim;
    private final GossipPool pool;
    private final int number;
    private final String name;
    private final InetSocketAddress address;
    private final NodeClock clock;
    private final NodeObserver observer; // or none
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private Serf serf;
    private boolean alive;
    private boolean powered = true;
    private int life;
    private long pausedUntilMs;
    private long armedAtMs;
    /** When the gossip has something to do: found out after each of its inputs, for nothing else changes it. */
    private long gossipDueMs;

    private long observerDueMs = Long.MAX_VALUE;
    /** An answer has come since {@link #observerDueMs} was found out: it may be later now. */
    private boolean observerDueIsOld;

    private long diedAtMs;
    /** Since when nothing has been wrong with this process. */
    private long wellSinceMs;

    PoolNode(Simulation sim, GossipPool pool, int number, GossipScenario scenario) {
        this.sim = sim;
        this.pool = pool;
        this.number = number;
        this.name = "n" + number;
        this.address = addressOf(number);
        int spread = scenario.clockSpreadPpm();
        this.clock =
                new NodeClock(spread == 0 ? 0 : sim.dice("clock of " + number).between(-spread, spread));
        this.observer = scenario.observed() ? new NodeObserver(sim, pool, this) : null;
    }

    static InetSocketAddress addressOf(int number) {
        try {
            return new InetSocketAddress(
                    InetAddress.getByAddress(new byte[] {10, 0, (byte) (number >>> 8), (byte) number}), 8301);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("four bytes are an address", e);
        }
    }

    /** Whose address this is. */
    static int numberAt(InetSocketAddress address) {
        byte[] ip = address.getAddress().getAddress();
        return ((ip[2] & 0xff) << 8) | (ip[3] & 0xff);
    }

    String name() {
        return name;
    }

    /** What this node's own clock shows. */
    long clockMs() {
        return clock.at(sim.nowMs());
    }

    /** Its kernel answers, whether its agent runs or not. */
    boolean isPowered() {
        return powered;
    }

    Optional<NodeObserver> observer() {
        return Optional.ofNullable(observer);
    }

    int number() {
        return number;
    }

    InetSocketAddress address() {
        return address;
    }

    boolean isAlive() {
        return alive;
    }

    boolean isRunning() {
        return alive && pausedUntilMs <= sim.nowMs();
    }

    long wellMs() {
        return isRunning() ? sim.nowMs() - wellSinceMs : 0;
    }

    /** How long the process has been dead. */
    long deadMs() {
        return alive ? 0 : sim.nowMs() - diedAtMs;
    }

    /** Something is wrong between this node and others. */
    void isHurt() {
        wellSinceMs = sim.nowMs();
    }

    Serf serf() {
        return serf;
    }

    void start(List<InetSocketAddress> peers) {
        if (alive) {
            return;
        }
        sim.tell(name() + " starts");
        alive = true;
        pausedUntilMs = 0;
        wellSinceMs = sim.nowMs();
        var config = new MemberlistConfig(name(), address, Profile.LAN, 0);
        serf = new Serf(
                SerfConfig.of(config, new TreeMap<>(Map.of("is", name()))),
                new SplittableRandom(sim.dice(name() + " life " + life).seed()),
                new Sent(life),
                new Heard());
        serf.start(clockMs());
        if (!peers.isEmpty()) {
            serf.join(clockMs(), 1, peers);
        }
        if (observer != null) {
            observer.start();
            observerDueIsOld = true;
        }
        armedAtMs = Long.MAX_VALUE;
        arm();
    }

    void kill() {
        if (alive) {
            sim.tell(name() + " dies");
            alive = false;
            diedAtMs = sim.nowMs();
            pool.detections().onDeath(this);
            life++;
            waiting.clear();
        }
    }

    /** The host is gone, with its kernel. */
    void cutPower() {
        powered = false;
        kill();
    }

    void pause(long durationMs) {
        if (isRunning()) {
            sim.tell(name() + " is paused for " + durationMs + " ms");
            pausedUntilMs = sim.nowMs() + durationMs;
            int thisLife = life;
            sim.after(durationMs, "resume", () -> {
                if (life == thisLife && isRunning()) {
                    wellSinceMs = sim.nowMs();
                    while (isRunning() && !waiting.isEmpty()) {
                        waiting.poll().run();
                    }
                    arm();
                }
            });
        }
    }

    void leave() {
        if (isRunning()) {
            sim.tell(name() + " leaves");
            serf.leave(clockMs());
            arm();
        }
    }

    /** For the process as it is now: at once, or after its pause; nothing for one that has died meanwhile. */
    void feed(Runnable input) {
        feed(life, input);
    }

    private void feed(int itsLife, Runnable input) {
        if (!alive || life != itsLife) {
            return;
        }
        if (isRunning()) {
            input.run();
            arm();
        } else if (waiting.size() < SOCKET_PACKETS_MAX) {
            waiting.add(() -> feed(itsLife, input));
        }
    }

    /** An answer to the observer. It makes nothing due earlier, so a timer that is armed is early enough. */
    void hear(Runnable answer) {
        if (isRunning()) {
            answer.run();
            observerDueIsOld = true;
            if (armedAtMs == Long.MAX_VALUE) {
                armForAll();
            }
        } else {
            feed(() -> {
                answer.run();
                observerDueIsOld = true;
            });
        }
    }

    /** After an input of the gossip. It changes nothing of what the observer waits for: a timer that is armed is early enough for that. */
    private void arm() {
        gossipDueMs = serf.nextDeadlineMs();
        if (armedAtMs == Long.MAX_VALUE) {
            armForAll();
        } else {
            armFor(gossipDueMs);
        }
    }

    private void armForAll() {
        if (observerDueIsOld) {
            observerDueMs = observer.nextDeadlineMs();
            observerDueIsOld = false;
        }
        armFor(Math.min(gossipDueMs, observerDueMs));
    }

    private void armFor(long dueMs) {
        long next = Math.max(sim.nowMs(), clock.whenItShows(dueMs));
        if (next < armedAtMs) {
            armedAtMs = next;
            int thisLife = life;
            sim.at(next, "timer", () -> {
                if (armedAtMs == sim.nowMs() && life == thisLife) {
                    armedAtMs = Long.MAX_VALUE;
                    if (isRunning()) {
                        onTimer(clockMs());
                    }
                }
            });
        }
    }

    private void onTimer(long nowMs) {
        if (gossipDueMs <= nowMs) {
            serf.onTimer(nowMs);
            gossipDueMs = serf.nextDeadlineMs();
        }
        if (observerDueMs <= nowMs) {
            observer.onTimer();
            observerDueIsOld = true;
        }
        armForAll();
    }

    /** What a member is called here, if it is known. */
    Optional<Member> sees(String other) {
        return serf.member(other);
    }

    boolean takesForAlive(String other) {
        return serf.status(other).map(status -> status == MemberStatus.ALIVE).orElse(false);
    }

    private void onPacket(InetSocketAddress from, List<Bytes> parts) {
        if (isRunning()) {
            long nowMs = clockMs();
            for (Bytes part : parts) {
                serf.onMessage(nowMs, from, pool.letters().read(part));
            }
            arm();
        } else {
            feed(() -> onPacket(from, parts));
        }
    }

    /** A request on a stream; {@code whenAnswered} gets the reply, or nothing if the connection was closed without one. */
    private void onRequest(long streamId, Message request, Consumer<Optional<Message>> whenAnswered) {
        feed(life, () -> {
            reply = Optional.empty();
            serf.onStreamRequest(clockMs(), streamId, request);
            whenAnswered.accept(reply);
        });
    }

    private Optional<Message> reply = Optional.empty();

    /** What the node sends, while it lives this life. */
    private final class Sent implements Outbox {
        private final int itsLife;

        Sent(int itsLife) {
            this.itsLife = itsLife;
        }

        @Override
        public void sendPacket(InetSocketAddress to, List<Bytes> parts, boolean checksum) {
            List<Bytes> sent = List.copyOf(parts);
            pool.at(to).ifPresent(peer -> pool.wires().send(number, peer.number(), () -> peer.onPacket(address, sent)));
        }

        @Override
        public void openStream(long streamId, InetSocketAddress to, Message request, long timeoutMs) {
            PoolNode peer = pool.at(to).orElseThrow(() -> new IllegalStateException("nobody has ever been at " + to));
            long limitMs = sim.nowMs() + timeoutMs;
            if (!pool.wires().connects(number, peer.number())) {
                sim.at(limitMs, "stream times out", () -> failed(streamId, "timed out"));
                return;
            }
            var over = new boolean[1];
            sim.after(pool.wires().delayMs(), "stream", () -> {
                if (!peer.isAlive()) {
                    over[0] = true;
                    failed(streamId, "connection refused");
                    return;
                }
                peer.onRequest(
                        streamId,
                        request,
                        answer -> sim.after(pool.wires().delayMs(), "stream", () -> {
                            if (!over[0] && pool.wires().connects(number, peer.number())) {
                                over[0] = true;
                                answered(streamId, answer);
                            }
                        }));
            });
            sim.at(limitMs, "stream times out", () -> {
                if (!over[0]) {
                    over[0] = true;
                    failed(streamId, "timed out");
                }
            });
        }

        private void answered(long streamId, Optional<Message> answer) {
            if (answer.isPresent()) {
                feed(itsLife, () -> serf.onStreamReply(clockMs(), streamId, answer.get()));
            } else {
                failed(streamId, "closed without a reply");
            }
        }

        private void failed(long streamId, String why) {
            feed(itsLife, () -> serf.onStreamFailed(clockMs(), streamId, why));
        }

        @Override
        public void replyStream(long streamId, Message answer) {
            reply = Optional.of(answer);
        }
    }

    /** What the node hears, for the story. */
    private final class Heard implements SerfListener {
        private void tell(String what, Member member) {
            sim.tell(name() + ": " + member.name() + " " + what);
        }

        @Override
        public void onJoin(Member member) {
            tell("has joined", member);
            pool.detections().onJoined(PoolNode.this, member.name());
        }

        @Override
        public void onLeave(Member member) {
            tell("has left", member);
        }

        @Override
        public void onFailed(Member member) {
            tell("has failed", member);
            pool.detections().onFailed(PoolNode.this, member.name());
        }

        @Override
        public void onUpdate(Member member) {
            tell("has new tags", member);
        }

        @Override
        public void onSuspect(Member member) {
            tell("is suspected", member);
        }

        @Override
        public void onRefuted(Member member) {
            tell("has refuted", member);
        }

        @Override
        public void onUserEvent(UserEvent event) {
            sim.tell(name() + ": event " + event.name());
        }

        @Override
        public void onJoinFinished(long joinId, JoinResult result) {
            sim.tell(name() + " joined through " + result.contacted() + " peers");
            if (joinId > 0 && result.contacted() == 0) {
                int thisLife = life;
                sim.after(
                        RETRY_JOIN_MS,
                        "retry join",
                        () -> feed(thisLife, () -> serf.join(clockMs(), joinId + 1, pool.peersFor(PoolNode.this))));
            }
        }

        @Override
        public void onKeyringChanged(Keyring keyring) {
            throw sim.violation("keys", "nobody changes keys here, and " + name() + " got other ones");
        }

        @Override
        public void onLeaveFinished() {
            kill();
        }

        @Override
        public void onNameConflict(Member member, InetSocketAddress claimant) {
            throw sim.violation("names", member + " is claimed by " + claimant);
        }
    }
}

package io.vmha.gossip.memberlist;

import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.Message;
import io.vmha.gossip.wire.Message.Source;
import io.vmha.gossip.wire.NodeAddress;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * Finds out who does not answer (SWIM, section 3.1; memberlist state.go, probeNode): one node per interval is pinged; if it is silent,
 * some others ping it for us and we ask over TCP; if that is in vain too, it is suspected.
 */
final class Prober {
    /** Pings made for others at the same time; each lasts one probe timeout. */
    private static final int RELAYED_MAX = 4096;

    private static final long MICROS_PER_MS = 1000;

    private static final long SEQUENCE_MASK = 0xffff_ffffL;

    private final MemberlistConfig config;
    private final MemberTable table;
    private final ProbeRing ring;
    private final Membership membership;
    private final Gossip gossip;
    private final Awareness awareness;
    private final RandomGenerator random;
    private final Streams streams;
    private final Counters counters;
    private final Delegate delegate;
    private final Map<Long, RelayedPing> relayed = new LinkedHashMap<>();
    private final Source us;
    private Probe probe;
    private long nextProbeMs;
    private long lastSequence;
    private long instantMicros;

    Prober(
            MemberlistConfig config,
            MemberTable table,
            ProbeRing ring,
            Membership membership,
            Gossip gossip,
            Awareness awareness,
            RandomGenerator random,
            Streams streams,
            Counters counters,
            Delegate delegate) {
        this.config = config;
        this.table = table;
        this.ring = ring;
        this.membership = membership;
        this.gossip = gossip;
        this.awareness = awareness;
        this.random = random;
        this.streams = streams;
        this.counters = counters;
        this.delegate = delegate;
        this.us = new Source(NodeAddress.of(config.address()), config.name());
    }

    /** A ping made for somebody else. */
    private record RelayedPing(long askerSequence, InetSocketAddress asker, boolean wantsNack, long deadlineMs) {}

    /** The probe that is under way. */
    private static final class Probe {
        private final Node node;
        private final long incarnation;
        private final long sequence;
        private final long endMs;
        private final long sentMicros;
        private long askOthersAtMs;
        private boolean othersAsked;
        private boolean answeredByTcp;
        private int nacksExpected;
        private int nacks;

        Probe(Node node, long sequence, long sentMicros, long askOthersAtMs, long endMs) {
            this.node = node;
            this.incarnation = node.incarnation(); // a refutation during the probe makes its failure meaningless
            this.sequence = sequence;
            this.sentMicros = sentMicros;
            this.askOthersAtMs = askOthersAtMs;
            this.endMs = endMs;
        }

        long nextDeadlineMs() {
            return othersAsked ? endMs : Math.min(askOthersAtMs, endMs);
        }
    }

    /** The same moment as the next input's time, finer. */
    void instant(long micros) {
        instantMicros = micros;
    }

    private long micros(long nowMs) {
        return Math.max(instantMicros, nowMs * MICROS_PER_MS);
    }

    void start(long nowMs) {
        nextProbeMs = nowMs + random.nextLong(config.profile().probeIntervalMs());
    }

    long nextDeadlineMs() {
        long next = probe == null ? nextProbeMs : probe.nextDeadlineMs();
        if (relayed.isEmpty()) {
            return next;
        }
        for (RelayedPing ping : relayed.values()) {
            next = Math.min(next, ping.deadlineMs());
        }
        return next;
    }

    void onTimer(long nowMs) {
        if (!relayed.isEmpty()) {
            expireRelayed(nowMs);
        }
        if (probe != null && !probe.othersAsked && probe.askOthersAtMs <= nowMs) {
            askOthers(nowMs);
        }
        if (probe != null && probe.endMs <= nowMs) {
            finish(nowMs);
        }
        if (probe == null && nextProbeMs <= nowMs) {
            nextProbeMs = Math.max(nextProbeMs + config.profile().probeIntervalMs(), nowMs);
            probeNext(nowMs);
        }
    }

    /** We did not run for a while; answers may wait in the socket, so the probe under way proves nothing. */
    void onPause() {
        probe = null;
        awareness.add(1);
    }

    private void expireRelayed(long nowMs) {
        relayed.values().removeIf(ping -> {
            boolean expired = ping.deadlineMs() <= nowMs;
            if (expired && ping.wantsNack()) {
                gossip.sendDirect(ping.asker(), new Message.Nack(ping.askerSequence()));
            }
            return expired;
        });
    }

    private void probeNext(long nowMs) {
        long forgetAfterMs = config.profile().gossipToTheDeadMs();
        ring.next(
                        node -> !node.isOurs() && !node.isDeadOrLeft(),
                        node -> !node.isOurs() && node.isDeadOrLeft() && node.msInState(nowMs) > forgetAfterMs,
                        membership::forget)
                .ifPresent(node -> startProbe(nowMs, node));
    }

    private void startProbe(long nowMs, Node node) {
        counters.probes++;
        long interval = awareness.stretch(config.profile().probeIntervalMs());
        long askOthersAtMs = nowMs + config.profile().probeTimeoutMs();
        probe = new Probe(node, nextSequence(), micros(nowMs), askOthersAtMs, nowMs + interval);
        Message.Ping ping = new Message.Ping(probe.sequence, node.name(), us);
        if (node.isAlive()) {
            gossip.sendDirect(node.address(), ping);
        } else {
            Message.Suspect accusation = new Message.Suspect(node.name(), node.incarnation(), config.name());
            gossip.sendBare(node.address(), List.of(ping, accusation), node.readsChecksums());
        }
    }

    private void askOthers(long nowMs) {
        Node target = probe.node;
        probe.othersAsked = true;
        List<Node> helpers = table.pick(
                config.profile().indirectChecks(), random, node -> node.isAlive() && node != target && !node.isOurs());
        NodeAddress address = target.wireAddress();
        for (Node helper : helpers) {
            probe.nacksExpected += helper.sendsNacks() ? 1 : 0;
            gossip.sendDirect(
                    helper.address(),
                    new Message.IndirectPing(probe.sequence, address, target.name(), helper.sendsNacks(), us));
        }
        if (target.answersTcpPings()) {
            Probe asking = probe;
            long timeoutMs = Math.max(1, probe.endMs - probe.askOthersAtMs);
            Message.Ping ping = new Message.Ping(probe.sequence, target.name(), us);
            streams.ping(nowMs, target.address(), ping, timeoutMs, () -> {
                if (probe == asking) {
                    probe.answeredByTcp = true;
                }
            });
        }
    }

    private void finish(long nowMs) {
        Probe ended = probe;
        probe = null;
        if (ended.answeredByTcp) {
            awareness.add(-1);
            return;
        }
        counters.failedProbes++;
        awareness.add(ended.nacksExpected > 0 ? Math.max(0, ended.nacksExpected - ended.nacks) : 1);
        if (table.find(ended.node.name()).orElse(null) == ended.node) {
            membership.onSuspect(nowMs, new Message.Suspect(ended.node.name(), ended.incarnation, config.name()));
        }
    }

    /** The operating system refused to send to this address: no use in waiting for an answer. */
    void onSendFailed(long nowMs, InetSocketAddress to) {
        if (probe != null && !probe.othersAsked && probe.node.address().equals(to)) {
            probe.askOthersAtMs = nowMs;
        }
    }

    void onPing(InetSocketAddress from, Message.Ping ping) {
        if (ping.node().isEmpty() || membership.isSelf(ping.node())) {
            gossip.sendDirect(
                    replyAddress(ping.source(), from), new Message.Ack(ping.sequence(), delegate.ackPayload()));
        }
    }

    void onIndirectPing(long nowMs, InetSocketAddress from, Message.IndirectPing ping) {
        if (ping.target().ip().isEmpty() || relayed.size() >= RELAYED_MAX) {
            return;
        }
        long sequence = nextSequence();
        InetSocketAddress asker = replyAddress(ping.source(), from);
        long deadlineMs = nowMs + config.profile().probeTimeoutMs();
        relayed.put(sequence, new RelayedPing(ping.sequence(), asker, ping.wantsNack(), deadlineMs));
        InetSocketAddress target =
                ping.target().toSocketAddress(config.address().getPort());
        gossip.sendDirect(target, new Message.Ping(sequence, ping.node(), us));
    }

    void onAck(long nowMs, Message.Ack ack) {
        RelayedPing forOther = relayed.remove(ack.sequence());
        if (forOther != null) {
            gossip.sendDirect(forOther.asker(), new Message.Ack(forOther.askerSequence(), Bytes.EMPTY));
        } else if (probe != null && probe.sequence == ack.sequence()) {
            Probe answered = probe;
            probe = null;
            awareness.add(-1);
            if (!answered.othersAsked) {
                delegate.onPingAnswered(
                        nowMs, answered.node.view(), micros(nowMs) - answered.sentMicros, ack.payload());
            }
        }
    }

    void onNack(Message.Nack nack) {
        if (probe != null && probe.sequence == nack.sequence() && probe.nacks < probe.nacksExpected) {
            probe.nacks++;
        }
    }

    private static InetSocketAddress replyAddress(Source source, InetSocketAddress from) {
        NodeAddress wanted = source.address();
        return !wanted.isComplete() || wanted.isAt(from) ? from : wanted.toSocketAddress(from.getPort());
    }

    private long nextSequence() {
        lastSequence = (lastSequence + 1) & SEQUENCE_MASK;
        return lastSequence;
    }
}

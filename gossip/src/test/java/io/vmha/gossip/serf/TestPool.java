package io.vmha.gossip.serf;

import io.vmha.gossip.memberlist.JoinResult;
import io.vmha.gossip.memberlist.MemberlistConfig;
import io.vmha.gossip.memberlist.Outbox;
import io.vmha.gossip.memberlist.Profile;
import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.Keyring;
import io.vmha.gossip.wire.Message;
import io.vmha.gossip.wire.MessageCodec;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** A few Serf nodes on wires without loss, in time that the test moves. */
final class TestPool {
    private static final long DELAY_MS = 1;

    private final Map<InetSocketAddress, Peer> peers = new LinkedHashMap<>();
    private final PriorityQueue<Delivery> wires =
            new PriorityQueue<>(Comparator.comparingLong(Delivery::atMs).thenComparingLong(Delivery::order));
    private long nowMs = 1_000;
    private long order;

    private record Delivery(long atMs, long order, Runnable what) {}

    long nowMs() {
        return nowMs;
    }

    Peer add(String name) {
        return add(name, Keyring.NONE);
    }

    Peer add(String name, Keyring keyring) {
        Peer peer = new Peer(name, address(peers.size() + 1), keyring);
        peers.put(peer.address, peer);
        peer.serf.start(nowMs);
        return peer;
    }

    static InetSocketAddress address(int host) {
        try {
            return new InetSocketAddress(InetAddress.getByAddress(new byte[] {10, 0, 0, (byte) host}), 8301);
        } catch (UnknownHostException impossible) {
            throw new AssertionError(impossible);
        }
    }

    private void later(long delayMs, Runnable what) {
        wires.add(new Delivery(nowMs + delayMs, order++, what));
    }

    void run(long durationMs) {
        long endMs = nowMs + durationMs;
        while (true) {
            long next = wires.isEmpty() ? Long.MAX_VALUE : wires.peek().atMs();
            for (Peer peer : peers.values()) {
                next = Math.min(next, peer.up ? peer.serf.nextDeadlineMs() : Long.MAX_VALUE);
            }
            if (next > endMs) {
                nowMs = endMs;
                return;
            }
            nowMs = Math.max(nowMs, next);
            while (!wires.isEmpty() && wires.peek().atMs() <= nowMs) {
                wires.remove().what().run();
            }
            for (Peer peer : peers.values()) {
                if (peer.up && peer.serf.nextDeadlineMs() <= nowMs) {
                    peer.serf.onTimer(nowMs);
                }
            }
        }
    }

    /** One node of the pool. */
    final class Peer implements Outbox, SerfListener {
        private final InetSocketAddress address;
        private final Serf serf;
        private final List<String> heard = new ArrayList<>();
        private final Map<Long, Message> replies = new TreeMap<>();
        private boolean up = true;
        private long lastQuery;
        private Message lastReply;
        private InetSocketAddress deafTo;

        Peer(String name, InetSocketAddress address, Keyring keyring) {
            this.address = address;
            MemberlistConfig config = new MemberlistConfig(name, address, Profile.LAN, 0);
            this.serf = new Serf(
                    SerfConfig.of(config, new TreeMap<>(Map.of("is", name))).withKeyring(keyring),
                    new SplittableRandom(name.hashCode()),
                    this,
                    this);
        }

        Serf serf() {
            return serf;
        }

        InetSocketAddress address() {
            return address;
        }

        void join(Peer other) {
            serf.join(nowMs, 1, List.of(other.address));
        }

        /** What the last peer that connected was answered. */
        Message lastReply() {
            return lastReply;
        }

        long lastQuery() {
            return lastQuery;
        }

        /** Drops what comes by datagram from this peer. */
        void deafTo(Peer other) {
            deafTo = other.address;
        }

        void power(boolean on) {
            up = on;
        }

        List<String> take() {
            List<String> taken = List.copyOf(heard);
            heard.clear();
            return taken;
        }

        String statuses() {
            StringBuilder text = new StringBuilder();
            for (Member member : serf.members()) {
                text.append(member.name())
                        .append('=')
                        .append(member.status().text())
                        .append(' ');
            }
            return text.toString().trim();
        }

        @Override
        public void sendPacket(InetSocketAddress to, List<Bytes> parts, boolean checksum) {
            later(DELAY_MS, () -> {
                Peer target = peers.get(to);
                if (target != null && target.up && !address.equals(target.deafTo)) {
                    parts.forEach(part -> target.serf.onMessage(nowMs, address, MessageCodec.decode(part)));
                }
            });
        }

        @Override
        public void openStream(long streamId, InetSocketAddress to, Message request, long timeoutMs) {
            later(DELAY_MS, () -> {
                Peer target = peers.get(to);
                if (target == null || !target.up) {
                    later(timeoutMs, () -> serf.onStreamFailed(nowMs, streamId, "no answer"));
                    return;
                }
                target.serf.onStreamRequest(nowMs, streamId, request);
                Message reply = target.replies.remove(streamId);
                later(DELAY_MS, () -> {
                    if (reply == null) {
                        serf.onStreamFailed(nowMs, streamId, "closed");
                    } else {
                        serf.onStreamReply(nowMs, streamId, reply);
                    }
                });
            });
        }

        @Override
        public void replyStream(long streamId, Message reply) {
            replies.put(streamId, reply);
            lastReply = reply;
        }

        @Override
        public void onJoin(Member member) {
            heard.add("join " + member.name());
        }

        @Override
        public void onLeave(Member member) {
            heard.add("leave " + member.name());
        }

        @Override
        public void onFailed(Member member) {
            heard.add("failed " + member.name());
        }

        @Override
        public void onUpdate(Member member) {
            heard.add("update " + member.name() + " " + member.tags());
        }

        @Override
        public void onSuspect(Member member) {
            heard.add("suspect " + member.name());
        }

        @Override
        public void onRefuted(Member member) {
            heard.add("refuted " + member.name());
        }

        @Override
        public void onUserEvent(UserEvent event) {
            heard.add("event " + event.name() + " " + event.payload().lenientText()
                    + (event.coalesce() ? " coalesce" : ""));
        }

        @Override
        public void onQuery(Query query) {
            heard.add("query " + query.name() + " " + query.payload().lenientText() + " from " + query.from());
            lastQuery = query.id();
        }

        @Override
        public void onKeyringChanged(Keyring keyring) {
            heard.add("keys " + keyring.keys());
        }

        @Override
        public void onNameLost() {
            heard.add("name lost");
        }

        @Override
        public void onJoinFinished(long joinId, JoinResult result) {
            heard.add("joined " + result.contacted());
        }

        @Override
        public void onLeaveFinished() {
            heard.add("gone");
        }

        @Override
        public void onNameConflict(Member member, InetSocketAddress claimant) {
            heard.add("conflict " + member.name());
        }
    }
}

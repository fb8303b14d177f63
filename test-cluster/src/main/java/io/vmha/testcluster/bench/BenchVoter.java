package io.vmha.testcluster.bench;

import io.vmha.node.raft.GroupId;
import io.vmha.node.raft.LogPosition;
import io.vmha.node.raft.PeerInfo;
import io.vmha.node.raft.RaftConfig;
import io.vmha.node.raft.RaftListener;
import io.vmha.node.raft.RaftNode;
import io.vmha.node.raft.Replicated;
import io.vmha.node.raft.VoterSet;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import java.util.function.BiConsumer;

/**
 * One voter with a map of keys and values, and nothing else of the daemon. Takes orders from standard input, one a line:
 * {@code bootstrap GROUP}, {@code voters ID ADDRESS ...}, {@code applied}; ends with it. Says on standard output what it is and whether it leads.
 */
final class BenchVoter {
    private BenchVoter() {}

    /** Arguments: data directory, name, address, port, election timeout in milliseconds. */
    public static void main(String[] arguments) throws IOException {
        var config = RaftConfig.of(
                        Path.of(arguments[0]),
                        arguments[1],
                        new InetSocketAddress(arguments[2], Integer.parseInt(arguments[3])))
                .withElectionTimeout(Duration.ofMillis(Long.parseLong(arguments[4])));
        serve(config, new Keys(), (node, words) -> {
            throw new IllegalArgumentException("unknown order " + words);
        });
    }

    /** Obeys until standard input ends; what it does not know itself is left to the other. */
    static void serve(RaftConfig config, Replicated machine, BiConsumer<RaftNode, List<String>> other)
            throws IOException {
        try (RaftNode node = RaftNode.start(config, machine, new Teller());
                var orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            say("self " + node.self().id() + " " + node.self().hostAndPort());
            for (String order = orders.readLine(); order != null; order = orders.readLine()) {
                obey(node, Arrays.asList(order.split(" ", -1)), other);
            }
        }
    }

    private static void obey(RaftNode node, List<String> words, BiConsumer<RaftNode, List<String>> other) {
        switch (words.get(0)) {
            case "bootstrap" -> node.bootstrap(GroupId.parse(words.get(1)));
            case "voters" -> say("voters " + change(node, peers(words)));
            case "applied" -> say("applied " + node.status().applied().index());
            default -> other.accept(node, words);
        }
    }

    private static String change(RaftNode node, List<PeerInfo> wanted) {
        try {
            return node.changeVoters(wanted).join().toString();
        } catch (CompletionException e) {
            return "FAILED " + e.getCause();
        }
    }

    static List<PeerInfo> peers(List<String> words) {
        return java.util.stream.IntStream.range(0, (words.size() - 1) / 2)
                .mapToObj(i -> PeerInfo.parse(words.get(1 + 2 * i), words.get(2 + 2 * i)))
                .toList();
    }

    static synchronized void say(String line) {
        System.out.println(line);
        System.out.flush();
    }

    private static final class Teller implements RaftListener {
        @Override
        public void onLeadership(long term, boolean leader) {
            if (leader) {
                say("leader " + term);
            }
        }

        @Override
        public void onLeaderChanged(Optional<PeerInfo> leader, long term) {
            // the leader itself tells
        }

        @Override
        public void onConfiguration(VoterSet voters) {
            // asked for with an order
        }

        @Override
        public void onClosed(Closure reason, String explanation) {
            say("closed " + reason + " " + explanation);
        }
    }

    /** Entries are {@code key NUL value}. Calls are serialised by the node. */
    private static final class Keys implements Replicated {
        private static final int KEYS_MAX = 1_000;
        private final TreeMap<String, byte[]> values = new TreeMap<>();

        @Override
        public void reset() {
            values.clear();
        }

        @Override
        public byte[] apply(LogPosition at, byte[] entry) {
            int end = 0;
            while (end < entry.length && entry[end] != 0) {
                end++;
            }
            String key = new String(entry, 0, end, StandardCharsets.UTF_8);
            if (values.size() < KEYS_MAX || values.containsKey(key)) {
                values.put(key, Arrays.copyOfRange(entry, Math.min(entry.length, end + 1), entry.length));
            }
            return new byte[0];
        }

        @Override
        public void configured(LogPosition at, VoterSet voters) {
            // not part of the map
        }

        @Override
        public byte[] snapshot() {
            return new byte[0]; // the benchmark reads nothing back
        }

        @Override
        public void restore(LogPosition at, byte[] snapshot) {
            values.clear();
        }

        @Override
        public byte[] query(byte[] request) {
            return values.getOrDefault(new String(request, StandardCharsets.UTF_8), new byte[0]);
        }

        @Override
        public byte[] peerQuery(byte[] request, Standing standing) {
            return new byte[0];
        }
    }
}

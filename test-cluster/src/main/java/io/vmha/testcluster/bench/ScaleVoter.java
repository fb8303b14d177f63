package io.vmha.testcluster.bench;

import io.vmha.node.group.GroupMachine;
import io.vmha.node.group.KvMachine;
import io.vmha.node.group.StateCodec;
import io.vmha.node.lease.BootClock;
import io.vmha.node.raft.RaftConfig;
import io.vmha.node.raft.RaftNode;
import io.vmha.node.raft.RaftTls;
import io.vmha.proto.v1.AgesOf;
import io.vmha.proto.v1.PeerRequest;
import io.vmha.recovery.core.AzCommand;
import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Limits;
import io.vmha.recovery.core.Proofs;
import io.vmha.recovery.core.RecoveryState;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * A voter with the daemon's own state machine and certificates, that reads the ages of all hosts five times a second as the daemon does; nothing
 * else of it runs. Takes {@link BenchVoter}'s orders and {@code hosts GROUP COUNT}, which makes an AZ of so many hosts.
 */
final class ScaleVoter {
    private static final long AGES_PERIOD_MS = 200;
    private static final Duration LIMIT = Duration.ofMillis(900);

    private final StateCodec codec = new StateCodec();
    private final KvMachine keys = new KvMachine(BootClock::nowMs, touched -> {});
    private volatile RecoveryState state = RecoveryState.empty();

    private ScaleVoter() {}

    /** Arguments: data directory, name, address, port, the authority's certificate, its own, its key. */
    public static void main(String[] arguments) throws IOException {
        var config = RaftConfig.of(
                        Path.of(arguments[0]),
                        arguments[1],
                        new InetSocketAddress(arguments[2], Integer.parseInt(arguments[3])))
                .withTls(new RaftTls(Path.of(arguments[4]), Path.of(arguments[5]), Path.of(arguments[6])));
        new ScaleVoter().serve(config);
    }

    static String hostName(int number) {
        return String.format(Locale.ROOT, "hv-%05d", number);
    }

    private void serve(RaftConfig config) throws IOException {
        var machine = new GroupMachine(codec, keys, BootClock::nowMs, applied -> state = applied);
        ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(work -> {
            Thread thread = new Thread(work, "timer");
            thread.setDaemon(true);
            return thread;
        });
        boolean[] reading = new boolean[1];
        BenchVoter.serve(config, machine, (node, words) -> {
            if (!reading[0]) {
                reading[0] = true;
                var unused = timer.scheduleAtFixedRate(
                        () -> readAges(node), AGES_PERIOD_MS, AGES_PERIOD_MS, TimeUnit.MILLISECONDS);
            }
            obey(node, words);
        });
    }

    private void obey(RaftNode node, List<String> words) {
        switch (words.get(0)) {
            case "ages" -> BenchVoter.say("ages read");
            case "hosts" -> {
                int count = Integer.parseInt(words.get(2));
                var az = new AzSettings("az1", 1, words.get(1), true, true, true, Limits.DEFAULT, Proofs.LEASE);
                List<HostName> hosts = IntStream.range(0, count)
                        .mapToObj(number -> new HostName(hostName(number)))
                        .toList();
                node.propose(codec.encode(new AzCommand.EnableAz(System.currentTimeMillis(), az, hosts)))
                        .join();
                BenchVoter.say("hosts " + state.hosts().size());
            }
            default -> throw new IllegalArgumentException("unknown order " + words);
        }
    }

    private void readAges(RaftNode node) {
        if (node.group().isPresent()) {
            byte[] question = PeerRequest.newBuilder()
                    .setAges(AgesOf.newBuilder()
                            .addAllHosts(state.hosts().keySet().stream()
                                    .map(HostName::value)
                                    .toList()))
                    .build()
                    .toByteArray();
            var unused = node.ask(node.self(), question, LIMIT);
        }
    }
}

package io.vmha.testcluster.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.testcluster.history.HistoryFile;
import io.vmha.testcluster.history.Operation;
import io.vmha.testcluster.history.Operation.Outcome;
import io.vmha.testcluster.history.Verdict;
import io.vmha.testcluster.workload.KvWorkload;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * Registers, lists and locks from five clients while daemons are killed, stopped, paused and taken out of the group; the AZ is disarmed, so
 * that nobody is fenced for it. What the clients were told must be linearizable, with a reading of every key at the end.
 */
final class KeysUnderFaults {
    private static final int CLIENTS = 5;
    private static final int CALLS_BETWEEN = 60;
    private static final long PAUSE_NANOS = 5_000_000_000L;

    private final Scene scene;
    private final Cluster cluster;
    private final Path directory;

    KeysUnderFaults(Scene scene, Path directory) {
        this.scene = scene;
        this.cluster = scene.cluster;
        this.directory = directory;
    }

    /** Plays so many faults, whose order and victims come from the seed. */
    void run(long seed, int faults) {
        var dice = new Random(seed);
        int hosts = cluster.hosts().size();
        scene.operator.order("/v1/ha/" + Cluster.AZ + "/disarm");
        List<URI> daemons = cluster.hosts().stream()
                .map(h -> URI.create("http://" + h.address() + ":8500"))
                .toList();
        long begin = System.nanoTime();
        try (KvWorkload workload = new KvWorkload(daemons, seed)) {
            workload.start(CLIENTS);
            progress(workload);
            for (int i = 0; i < faults; i++) {
                play((int) ((seed + i) % 4), dice);
                progress(workload);
                cluster.awaitVoters(hosts >= 5 ? 5 : 3, hosts);
            }
            workload.finish();
            judge(workload.history(), faults, (System.nanoTime() - begin) / 1e9);
        }
        assertCopiesAreEqual();
        scene.assertStatesAreEqual();
    }

    private void play(int kind, Random dice) {
        String leader = cluster.leader();
        String victim = dice.nextBoolean()
                ? leader
                : cluster.hosts().get(dice.nextInt(cluster.hosts().size())).name();
        switch (kind) {
            case 0 -> {
                cluster.stopDaemon(victim);
                cluster.startDaemon(victim);
            }
            case 1 -> {
                cluster.killDaemon(leader);
                cluster.startDaemon(leader);
            }
            case 2 -> {
                cluster.signal(leader, "STOP");
                long until = System.nanoTime() + PAUSE_NANOS;
                while (System.nanoTime() < until) {
                    Cluster.pause();
                }
                cluster.signal(leader, "CONT");
            }
            default -> {
                long aggregate = scene.view().at("/azs/0/aggregate").asLong(1);
                scene.nova().removeFromAggregate(aggregate, victim);
                cluster.await(
                        victim + " is no voter any more",
                        180,
                        () -> scene.view().path("voters").findValuesAsText("host"),
                        voters -> !voters.contains(victim));
                scene.nova().addToAggregate(aggregate, victim);
            }
        }
    }

    /** The store serves again, and the clients have done something since. */
    private void progress(KvWorkload workload) {
        long before = workload.answered();
        cluster.await(
                "the clients were answered " + CALLS_BETWEEN + " times",
                180,
                workload::answered,
                answered -> answered > before + CALLS_BETWEEN);
    }

    private void judge(List<Operation> history, int faults, double seconds) {
        Verdict verdict = KvWorkload.check(history);
        if (!verdict.isRight()) {
            HistoryFile.write(directory.resolve("history"), history);
        }
        System.out.printf(
                Locale.ROOT,
                "%s; %d faults in %.0f s, done %d, without effect %d, unknown %d%n",
                verdict.explanation(),
                faults,
                seconds,
                KvWorkload.count(history, Outcome.DONE),
                KvWorkload.count(history, Outcome.NO_EFFECT),
                KvWorkload.count(history, Outcome.UNKNOWN));
        assertThat(verdict).as(verdict.explanation()).isInstanceOf(Verdict.Right.class);
    }

    /** At rest every daemon tells the same, from its own copy where it has one. */
    private void assertCopiesAreEqual() {
        cluster.await(
                "all copies are equal",
                120,
                this::copies,
                copies -> copies.size() == cluster.hosts().size()
                        && copies.values().stream().distinct().count() == 1);
    }

    private Map<String, String> copies() {
        var copies = new TreeMap<String, String>();
        for (ClusterHost host : cluster.living()) {
            NodeClient.Reply keys = cluster.client().read(host, "/v1/kv/?recurse&stale");
            if (keys.status() == 200) {
                copies.put(host.name(), keys.body());
            }
        }
        return copies;
    }
}

package io.vmha.testcluster.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.testcluster.ClusterTest;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Five real daemons, each on a file system of its own, whose storage is wiped, flipped, cut short, full, failing and read-only. Each of them
 * says what happened and stops or begins anew; no key that was acknowledged is lost, and at the end all have the same state.
 */
@ClusterTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class StorageFaultsTest {
    private static final int HOSTS = 5;
    private static final int LIMIT_S = 180;
    private static final String NEWEST_LOG = "f=$(ls -t \"$1\"/raft/groups/*/current/log_inprogress_* | head -n 1); ";

    private final Map<String, OwnDisk> disks = new TreeMap<>();
    private final Map<String, String> acknowledged = new TreeMap<>();
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(1))
            .build();
    private Scene scene;
    private Cluster cluster;
    private Path directory;

    @BeforeAll
    void start(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path temporary) {
        directory = temporary;
        scene = new Scene(directory, Set.of(), (host, settings) -> {
            OwnDisk disk = OwnDisk.mountedAt(host.directory().resolve("data"));
            disks.put(host.name(), disk);
            scene.cluster.wrap(host.name(), disk.prefix());
        });
        cluster = scene.cluster;
        cluster.start(HOSTS, 1);
        cluster.enable(HOSTS);
    }

    @AfterAll
    void stop() {
        if (scene != null) {
            scene.close();
        }
        disks.values().forEach(OwnDisk::close);
    }

    private List<String> followers() {
        String leader = cluster.leader();
        return cluster.hosts().stream()
                .map(ClusterHost::name)
                .filter(h -> !h.equals(leader))
                .toList();
    }

    /** The voters' ids by host, as the leader tells them. */
    private Map<String, String> voterIds() {
        var ids = new TreeMap<String, String>();
        for (JsonNode voter : scene.get(cluster.leader(), "/v1/raft/peers").path("voters")) {
            ids.put(voter.path("host").asText(), voter.path("id").asText());
        }
        return ids;
    }

    private Map<String, String> awaitFiveVoters() {
        cluster.awaitVoters(HOSTS, HOSTS);
        return cluster.await("five voters are listed", LIMIT_S, this::voterIds, ids -> ids.size() == HOSTS);
    }

    /** Puts a key by whichever daemon takes it, until one says that it is done. */
    private void put(String key, String value) {
        cluster.await(
                key + " is acknowledged",
                LIMIT_S,
                () -> cluster.living().stream().anyMatch(host -> puts(host, key, value)),
                done -> done);
        acknowledged.put(key, value);
    }

    private boolean puts(ClusterHost host, String key, String value) {
        return send(
                        host,
                        key,
                        HttpRequest.newBuilder()
                                .timeout(Duration.ofSeconds(10))
                                .PUT(HttpRequest.BodyPublishers.ofString(value)))
                .equals("true");
    }

    private String send(ClusterHost host, String key, HttpRequest.Builder request) {
        try {
            URI uri = URI.create("http://" + host.address() + ":8500/v1/kv/" + key);
            HttpResponse<String> reply = http.send(request.uri(uri).build(), HttpResponse.BodyHandlers.ofString());
            return reply.statusCode() == 200 ? reply.body().strip() : "status " + reply.statusCode();
        } catch (IOException e) {
            return "no answer: " + e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "interrupted";
        }
    }

    private void assertNothingIsLost(String host) {
        acknowledged.forEach((key, value) ->
                assertThat(read(host, key)).as("%s on %s", key, host).isEqualTo(value));
    }

    /** What a daemon tells of a key, once somebody leads. */
    private String read(String host, String key) {
        return cluster.await(
                host + " tells " + key,
                LIMIT_S,
                () -> send(
                        cluster.host(host),
                        key + "?raw",
                        HttpRequest.newBuilder().timeout(Duration.ofSeconds(10)).GET()),
                said -> !said.startsWith("no answer") && !said.startsWith("status 5"));
    }

    private void awaitSaid(String host, String... words) {
        cluster.await(
                host + " says " + List.of(words),
                LIMIT_S,
                () -> Scene.linesOf(cluster.log(host)),
                lines -> lines.stream().anyMatch(line -> List.of(words).stream().allMatch(line::contains)));
    }

    private void awaitEnded(String host) {
        cluster.await(
                "vmhad of " + host + " has ended",
                LIMIT_S,
                () -> cluster.process(host).isAlive(),
                alive -> !alive);
    }

    /** Whether every thread of a daemon is traced: a call of one that is not would succeed. */
    private boolean traced(String host) {
        Path threads = Path.of("/proc", Long.toString(cluster.process(host).pid()), "task");
        try (Stream<Path> all = Files.list(threads)) {
            return all.noneMatch(thread -> status(thread).contains("TracerPid:\t0\n"));
        } catch (IOException e) {
            return false;
        }
    }

    private static String status(Path thread) {
        try {
            return Files.readString(thread.resolve("status"));
        } catch (IOException e) {
            return ""; // it has ended
        }
    }

    private void python(String host, String script) {
        disks.get(host).run(NEWEST_LOG + "exec python3 -S -c \"" + script + "\" \"$f\"");
    }

    @Test
    @Order(1)
    void voterWhoseStorageIsWipedAndOneWithAFlippedBitAreNewPeers() {
        for (int i = 0; i < 12; i++) {
            put("early-" + i, "x".repeat(1_000) + i);
        }
        Map<String, String> before = awaitFiveVoters();
        String wiped = followers().get(0);
        String flipped = followers().get(1);
        cluster.killDaemon(wiped);
        cluster.killDaemon(flipped);

        disks.get(wiped).run("rm -rf \"$1\"/raft");
        python(
                flipped,
                "import sys; f=open(sys.argv[1],'r+b'); f.seek(5000); b=f.read(1)[0]; f.seek(5000);"
                        + " f.write(bytes([b ^ 4]))");
        cluster.startDaemon(wiped);
        cluster.startDaemon(flipped);

        awaitSaid(wiped, "no raft storage is here, so this node is a new peer");
        awaitSaid(flipped, "ERROR", "raft storage is damaged, it is set aside", "look at the disk");
        Map<String, String> after = cluster.await(
                "the group has the two new peers in place of the old ones",
                LIMIT_S,
                this::voterIds,
                ids -> ids.size() == HOSTS
                        && !ids.get(wiped).equals(before.get(wiped))
                        && !ids.get(flipped).equals(before.get(flipped)));
        cluster.hosts().stream()
                .map(ClusterHost::name)
                .filter(h -> !h.equals(wiped) && !h.equals(flipped))
                .forEach(h -> assertThat(after.get(h)).as("the peer of %s", h).isEqualTo(before.get(h)));
        assertThat(disks.get(flipped).run("ls \"$1\"/raft/old")).isEqualTo("000001-damaged");
        awaitFiveVoters();
        assertNothingIsLost(wiped);
        assertNothingIsLost(flipped);
    }

    @Test
    @Order(2)
    void voterWhoseLogHasLostWhatItAcknowledgedDoesNotVoteUnderItsOldName() {
        Map<String, String> before = awaitFiveVoters();
        String cut = followers().get(2);
        for (int i = 0; i < 12; i++) {
            put("cut-" + i, "y".repeat(1_000) + i);
        }
        long applied = scene.get(cluster.leader(), "/v1/view")
                .at("/azs/0/applied_index")
                .asLong();
        cluster.await(cut + " has marked what it applied", LIMIT_S, () -> mark(cut), mark -> mark >= applied);
        cluster.killDaemon(cut);

        python(cut, "import sys; f=open(sys.argv[1],'r+b'); d=f.read().rstrip(b'\\0'); f.truncate(len(d) // 2)");
        cluster.startDaemon(cut);

        awaitSaid(cut, "ERROR", "raft storage is damaged", "entries that it has acknowledged are gone");
        cluster.await(
                "the group has a new peer in place of the old one",
                LIMIT_S,
                this::voterIds,
                ids -> ids.size() == HOSTS && !ids.get(cut).equals(before.get(cut)));
        awaitFiveVoters();
        assertNothingIsLost(cut);
    }

    private long mark(String host) {
        try {
            String line = Files.readString(disks.get(host).fromOutside().resolve("raft/applied"));
            return Long.parseLong(line.replaceAll("(?s).* applied=(\\d+) .*", "$1"));
        } catch (IOException e) {
            return -1;
        }
    }

    @Test
    @Order(3)
    void leaderWhoseFsyncFailsAndFollowerWithoutSpaceStopAndAcknowledgeNothingMore() throws IOException {
        Map<String, String> before = awaitFiveVoters();
        String failing = cluster.leader();
        String full = followers().stream()
                .filter(host -> !host.equals(failing))
                .findFirst()
                .orElseThrow();
        cluster.expectEnd(failing);
        cluster.expectEnd(full);
        Process strace = new ProcessBuilder(
                        "strace",
                        "-f",
                        "-q",
                        "-p",
                        Long.toString(cluster.process(failing).pid()),
                        "-e",
                        "trace=fsync,fdatasync",
                        "-e",
                        "inject=fsync,fdatasync:error=EIO",
                        "-o",
                        directory.resolve("strace").toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("strace.said").toFile())
                .start();
        try {
            cluster.await("strace has its threads", LIMIT_S, () -> traced(failing), is -> is);
            disks.get(full).run("dd if=/dev/zero of=\"$1\"/ballast bs=64k || true");

            for (int i = 0; i < 12; i++) {
                put("large-" + i, "z".repeat(200_000) + i); // more than the space that Ratis has taken in advance
            }

            awaitEnded(failing);
            awaitEnded(full);
        } finally {
            strace.destroyForcibly();
        }
        awaitSaid(failing, "ERROR", "vmhad stops why=", "writing the raft log failed", "Input/output error");
        awaitSaid(full, "ERROR", "vmhad stops why=", "writing the raft log failed", "No space left on device");
        disks.get(full).run("rm \"$1\"/ballast");
        cluster.startDaemon(failing);
        cluster.startDaemon(full);

        assertThat(awaitFiveVoters()).as("peers with the storage that they had").isEqualTo(before);
        assertNothingIsLost(failing);
        assertNothingIsLost(full);
    }

    @Test
    @Order(4)
    void voterWhoseDiskGoesReadOnlyStopsSaysSoAndGoesOnAfterTheRepair() {
        Map<String, String> before = awaitFiveVoters();
        String victim = followers().get(1);
        cluster.expectEnd(victim);
        disks.get(victim).run("mount -o remount,abort \"$1\"");
        for (int i = 0; i < 3; i++) {
            put("read-only-" + i, "r" + i);
        }
        awaitEnded(victim);
        awaitSaid(victim, "ERROR", "vmhad stops why=", "Read-only file system");

        cluster.startDaemon(victim);
        cluster.expectEnd(victim);
        awaitEnded(victim);
        awaitSaid(victim, "ERROR", "vmhad cannot start why=", "Read-only file system");

        disks.get(victim)
                .run("umount \"$1\"; fsck.ext4 -p \"$2\" >/dev/null || [ $? -le 1 ];"
                        + " mount -o loop,errors=remount-ro \"$2\" \"$1\"");
        cluster.startDaemon(victim);

        assertThat(awaitFiveVoters()).as("peers with the storage that they had").isEqualTo(before);
        assertNothingIsLost(victim);
        scene.assertNothingWentWrong(
                "raft storage is damaged, it is set aside",
                "raft node is broken and stops",
                "vmhad stops why=",
                "vmhad cannot start why=",
                // and what Ratis says of the same
                "SegmentedRaftLogOutputStream: ",
                "RaftLog: ",
                "Failed appendEntries",
                "ExitUtils: ",
                "LifeCycle: ");
    }
}

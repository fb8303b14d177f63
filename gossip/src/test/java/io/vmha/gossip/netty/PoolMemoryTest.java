package io.vmha.gossip.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.gossip.serf.KeyResult;
import io.vmha.gossip.serf.MemberStatus;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An agent that is started again finds its pool and its keys again. */
final class PoolMemoryTest {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final byte[] OLD = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] NEW = "fedcba9876543210".getBytes(StandardCharsets.US_ASCII);

    @TempDir
    private Path directory;

    private GossipConfig config(String name, InetSocketAddress address) {
        return GossipConfig.of(name, address).withDirectory(directory.resolve(name));
    }

    private static GossipAgent start(GossipConfig config) {
        return GossipAgent.start(config, new RecordingListener());
    }

    private static void join(GossipAgent agent, GossipAgent peer) throws Exception {
        assertThat(agent.join(List.of(peer.address())).get(20, TimeUnit.SECONDS))
                .isEqualTo(1);
    }

    private static String alive(GossipAgent agent) {
        StringBuilder names = new StringBuilder();
        agent.members().stream()
                .filter(member -> member.status() == MemberStatus.ALIVE)
                .forEach(member -> names.append(member.name()).append(' '));
        return names.toString().trim();
    }

    private static KeyResult rotated(GossipAgent agent) throws Exception {
        assertThat(agent.installKey(NEW).get(20, TimeUnit.SECONDS).isComplete()).isTrue();
        assertThat(agent.useKey(NEW).get(20, TimeUnit.SECONDS).isComplete()).isTrue();
        return agent.removeKey(OLD).get(20, TimeUnit.SECONDS);
    }

    private Path keyring(String name) {
        return directory.resolve(name).resolve("local.keyring");
    }

    @Test
    void crashedAgentFindsItsPoolAgainWithoutBeingToldOfAnyMember() throws Exception {
        GossipConfig first = config("one", Loopback.address(7946));
        GossipConfig second = config("two", Loopback.address(7946));
        try (GossipAgent two = start(second)) {
            try (GossipAgent one = start(first)) {
                join(one, two);
                Await.until("both are alive", SOON, () -> alive(two), "one two"::equals);
            }

            try (GossipAgent again = start(first)) {
                Await.until("it is back in its pool", SOON, () -> alive(again), "one two"::equals);
                Await.until("the pool sees it", SOON, () -> alive(two), "one two"::equals);
            }
        }
    }

    @Test
    void closedAgentLeavesItsPortWhateverItsThreadIsDoing() {
        GossipConfig config = GossipConfig.of("one", Loopback.address(7946));
        for (int i = 0; i < 50; i++) {
            start(config).close();
        }
        try (GossipAgent last = start(config)) {
            assertThat(alive(last)).isEqualTo("one");
        }
    }

    @Test
    void rotatedKeysSurviveARestartAndTheConfiguredOneIsNotTakenForThem() throws Exception {
        GossipConfig first = config("one", Loopback.address(7946)).withKeys(List.of(OLD));
        GossipConfig second = config("two", Loopback.address(7946)).withKeys(List.of(OLD));
        try (GossipAgent two = start(second)) {
            try (GossipAgent one = start(first)) {
                join(one, two);
                Await.until("both are alive", SOON, () -> alive(two), "one two"::equals);
                assertThat(rotated(one).isComplete()).isTrue();
            }
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(keyring("one"))))
                    .isEqualTo("rw-------");

            try (GossipAgent again = start(first)) {
                Await.until("it speaks to the pool with the new key", SOON, () -> alive(again), "one two"::equals);
                assertThat(again.listKeys().get(20, TimeUnit.SECONDS).keys())
                        .containsOnlyKeys(Base64.getEncoder().encodeToString(NEW));
            }
        }
    }

    @Test
    void keyThatCannotBeWrittenIsReportedAndTheRotationStopsThere() throws Exception {
        Path occupied = Files.writeString(directory.resolve("occupied"), "a file, not a directory");
        GossipConfig config = GossipConfig.of("one", Loopback.address(7946))
                .withKeys(List.of(OLD))
                .withDirectory(occupied);
        try (GossipAgent one = start(config)) {
            KeyResult result = one.installKey(NEW).get(20, TimeUnit.SECONDS);

            assertThat(result.isComplete()).isFalse();
            assertThat(result.messages().get("one")).contains("cannot be written");
        }
    }

    @Test
    void damagedFilesCostTheMemoryButNotTheStart() throws Exception {
        GossipConfig config = config("one", Loopback.address(7946)).withKeys(List.of(OLD));
        Files.createDirectories(keyring("one").getParent());
        Files.writeString(keyring("one"), "[\"AAAA\", oh]");
        writeGarbage(directory.resolve("one").resolve("local.snapshot"));

        try (GossipAgent one = start(config)) {
            assertThat(alive(one)).isEqualTo("one");
            assertThat(one.listKeys().get(20, TimeUnit.SECONDS).keys())
                    .containsOnlyKeys(Base64.getEncoder().encodeToString(OLD));
        }
    }

    private static void writeGarbage(Path file) throws IOException {
        byte[] garbage = new byte[4096];
        for (int i = 0; i < garbage.length; i++) {
            garbage[i] = (byte) (i * 31 + i / 7);
        }
        Files.write(file, garbage);
    }
}

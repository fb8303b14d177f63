package io.vmha.node.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.StorageReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Hosts find out together whether they see the same directory (S10). */
class StorageProbeTest {
    private static final HostName ONE = new HostName("hv-1");
    private static final HostName TWO = new HostName("hv-2");
    private static final List<HostName> BOTH = List.of(ONE, TWO);

    @TempDir
    private Path directory;

    private int nonces;

    private StorageProbe on(HostName host, String path) throws IOException {
        Path instances = Files.createDirectories(directory.resolve(path));
        return new StorageProbe(host, "file:/instances", instances, () -> "nonce-" + nonces++);
    }

    @Test
    void hostsOnTheSameDirectorySeeEachOthersNonces() throws IOException {
        StorageProbe one = on(ONE, "shared");
        StorageProbe two = on(TWO, "shared");
        one.look(BOTH);
        two.look(BOTH);

        StorageReport first = one.look(BOTH);
        two.look(BOTH);
        StorageReport second = one.look(BOTH);

        assertThat(first.seen()).as("seen once is not yet proven").isEmpty();
        assertThat(second.seen()).containsEntry(TWO, two.look(BOTH).nonce());
    }

    @Test
    void hostsOnDifferentDirectoriesDoNot() throws IOException {
        StorageProbe one = on(ONE, "here");
        StorageProbe two = on(TWO, "there");

        for (int i = 0; i < 4; i++) {
            assertThat(one.look(BOTH).seen()).isEmpty();
            assertThat(two.look(BOTH).seen()).isEmpty();
        }
    }

    @Test
    void copyOfADirectoryThatStandsStillProvesNothing() throws IOException {
        on(TWO, "original").look(BOTH);
        StorageProbe one = on(ONE, "copy");
        one.look(BOTH);
        Files.copy(directory.resolve("original/.vmha/hv-2"), directory.resolve("copy/.vmha/hv-2"));

        for (int i = 0; i < 4; i++) {
            assertThat(one.look(BOTH).seen()).isEmpty();
        }
    }

    @Test
    void hostThatDiedIsStillSeenBecauseItsDisksAreStillThere() throws IOException {
        StorageProbe one = on(ONE, "shared");
        StorageProbe two = on(TWO, "shared");
        for (int i = 0; i < 3; i++) {
            one.look(BOTH);
            two.look(BOTH);
        }

        for (int i = 0; i < 3; i++) {
            assertThat(one.look(BOTH).seen()).containsKey(TWO);
        }
    }

    @Test
    void hostWhoseMountWentAwayMakesANewNonceAndSeesNobody() throws IOException {
        StorageProbe one = on(ONE, "shared");
        StorageProbe two = on(TWO, "shared");
        for (int i = 0; i < 3; i++) {
            one.look(BOTH);
            two.look(BOTH);
        }
        String before = one.look(BOTH).nonce();
        Files.move(directory.resolve("shared"), directory.resolve("gone"));
        Files.createDirectories(directory.resolve("shared"));

        StorageReport after = one.look(BOTH);

        assertThat(after.nonce()).isNotEqualTo(before);
        assertThat(after.seen()).isEmpty();
    }

    @Test
    void directoryThatCannotBeUsedIsToldWithTheReason() {
        var probe = new StorageProbe(ONE, "file:/x", directory.resolve("missing"), () -> "n");

        StorageReport report = probe.look(BOTH);

        assertThat(report.trouble()).contains("missing/.vmha", "NoSuchFile", "let vmhad write there");
        assertThat(report.nonce()).isEmpty();
    }

    @Test
    void nameThatClimbsOutOfTheDirectoryIsNotFollowed() throws IOException {
        StorageProbe one = on(ONE, "shared");
        var climber = new HostName("../../etc");

        assertThat(one.look(List.of(ONE, climber)).seen()).isEmpty();
    }
}

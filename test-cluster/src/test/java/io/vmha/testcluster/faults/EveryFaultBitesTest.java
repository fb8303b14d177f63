package io.vmha.testcluster.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.testcluster.faults.nemesis.Family;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each nemesis, alone, with the proof that the fault really happened. Minutes; a few of each kind are in the command's own test. */
@Tag("long")
class EveryFaultBitesTest {
    private static final long LIMIT_S = 1_500;

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource(Family.class)
    void everyFaultOfTheFamilyBites(Family family) throws Exception {
        var faults = new FaultsProcess(directory, "prove", "--vms", "2", "--nemesis", family.word());

        assertThat(faults.status(LIMIT_S)).as(faults.said()).isZero();
        assertThat(faults.said()).contains(" 0 failed");
    }
}

package io.vmha.testcluster.cluster;

import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** The long form of the faults in {@link KeysTest}; {@code -Dkeys.seed} and {@code -Dkeys.faults} choose another run. */
@Tag("long")
class KeysSoakTest {
    private static final int HOSTS = 6;

    @Test
    void whatFiveClientsAreToldUnderManyFaultsIsLinearizable(
            @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory) {
        try (Scene scene = new Scene(directory, Set.of(), (host, settings) -> {})) {
            scene.cluster.start(HOSTS, 0);
            scene.cluster.enable(HOSTS);
            new KeysUnderFaults(scene, directory)
                    .run(Long.getLong("keys.seed", 1), Integer.getInteger("keys.faults", 16));
        }
    }
}

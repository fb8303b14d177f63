package io.vmha.testcluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeptLogsTest {
    @TempDir
    Path directory;

    @Test
    void theLogsOfTheTryBeforeAreKeptBesideThoseOfTheLast() throws IOException {
        Path from = Files.createDirectories(directory.resolve("from/hv-1"));
        Path to = directory.resolve("kept/aTest");
        for (String said : new String[] {"first", "second", "third"}) {
            Files.writeString(from.resolve("vmhad.log"), said);
            KeptLogs.copy(directory.resolve("from"), to);
        }

        assertThat(to.resolve("hv-1-vmhad.log")).content().isEqualTo("third");
        assertThat(directory.resolve("kept/aTest-before/hv-1-vmhad.log"))
                .content()
                .isEqualTo("second");
    }
}

package io.vmha.testcluster.guard;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.recovery.core.Hypervisor;
import io.vmha.recovery.core.ServerId;
import io.vmha.recovery.hypervisor.PidFileHypervisor;
import io.vmha.testcluster.ClusterTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@ClusterTest
class PidFileHypervisorTest extends HypervisorContract {
    @TempDir
    Path directory;

    private final Map<ServerId, Process> guests = new TreeMap<>();

    @AfterEach
    void end() {
        guests.values().forEach(Process::destroyForcibly);
    }

    @Override
    Hypervisor hypervisor() {
        return new PidFileHypervisor(directory);
    }

    @Override
    void start(ServerId id) {
        try {
            Process guest = new ProcessBuilder("setpriv", "--pdeathsig", "KILL", "sleep", "600").start();
            guests.put(id, guest);
            Files.writeString(directory.resolve(id + ".pid"), guest.pid() + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    void crash(ServerId id) {
        guests.get(id).destroyForcibly();
    }

    @Override
    void shutDown(ServerId id) {
        guests.get(id).destroyForcibly();
        assertThat(directory.resolve(id + ".pid").toFile().delete()).isTrue();
    }

    @Test
    void aFileThatNamesNoProcessIsNoGuest() throws IOException {
        Files.writeString(directory.resolve("garbage.pid"), "what?\n");
        Files.writeString(directory.resolve("gone.pid"), "4194303\n");
        Files.writeString(directory.resolve("other.txt"), "1\n");

        assertThat(hypervisor().domains()).isEmpty();
    }
}

package io.vmha.testcluster.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmha.testcluster.ClusterTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real vmha-guard beside parts of its host that hang as they do over a dead disk: the guests' time runs all the same. */
@ClusterTest
class GuardHeldUpTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String UUID = "5b9d3f0c-8d8e-4ad4-9f53-2d2b3a1f1c11";

    /** Lists nothing once, and never answers again. */
    private static final String LIBVIRT_THAT_HANGS = """
            #include <unistd.h>
            int virInitialize(void) { return 0; }
            void *virConnectOpen(const char *uri) { return (void *)uri; }
            int virConnectListAllDomains(void *c, void ***d, unsigned f) {
              static int lists;
              while (lists++ > 0) pause();
              return 0;
            }
            int virDomainGetUUIDString(void *d, char *u) { return -1; }
            int virDomainGetState(void *d, int *s, int *r, unsigned f) { return -1; }
            void *virDomainLookupByUUIDString(void *c, const char *u) { for (;;) pause(); }
            int virDomainSuspend(void *d) { return -1; }
            int virDomainResume(void *d) { return -1; }
            int virDomainDestroy(void *d) { return -1; }
            int virDomainFree(void *d) { return 0; }
            const char *virGetLastErrorMessage(void) { return ""; }
            void virSetErrorFunc(void *d, void *f) {}
            """;

    /** Runs its arguments with a standard error that nobody reads and that takes nothing more. */
    private static final String WITH_A_FULL_PIPE = """
            import os, sys
            r, w = os.pipe()
            os.set_inheritable(r, True)
            os.set_blocking(w, False)
            try:
                while True:
                    os.write(w, b'x' * 4096)
            except BlockingIOError:
                os.set_blocking(w, True)
            os.dup2(w, 2)
            os.execvp(sys.argv[1], sys.argv[1:])
            """;

    @TempDir
    Path directory;

    private final List<Process> processes = new ArrayList<>();
    private Path pids;
    private LeaseFile lease;
    private GuardProcess guard;

    @BeforeEach
    void prepare() throws IOException {
        pids = Files.createDirectory(directory.resolve("pids")).toAbsolutePath();
        lease = new LeaseFile(directory);
    }

    @AfterEach
    void end() {
        if (guard != null) {
            guard.close();
        }
        processes.forEach(Process::destroyForcibly);
    }

    @Test
    void aWorkerThatEvenAKillDoesNotEndHoldsNothingUp() throws Exception {
        assumeTrue("root".equals(System.getProperty("user.name")));
        Path source = directory.resolve("libvirt.c");
        Files.writeString(source, LIBVIRT_THAT_HANGS);
        Path library = directory.resolve("libvirt.so.0");
        assertThat(start("gcc", "-shared", "-fPIC", "-o", library.toString(), source.toString())
                        .waitFor())
                .isZero();
        Process guest = guest();
        lease.hold(20_000);
        guard = GuardProcess.start(
                List.of("env", "LD_LIBRARY_PATH=" + directory),
                directory,
                "libvirt",
                "--libvirt-pids",
                pids.toString());
        await("guest found", () -> "1".equals(guard.status().get("domains_running")));
        await("worker", () -> worker() != 0);
        // who is traced and dead is not gone for its parent before its tracer has looked: as one that waits for a disk
        Process tracer = start(
                "python3",
                "-c",
                "import ctypes, time; assert ctypes.CDLL(None).ptrace(0x4206, " + worker()
                        + ", 0, 0) == 0; print('traced', flush=True); time.sleep(300)");
        assertThat(tracer.inputReader().readLine()).isEqualTo("traced");

        lease.hold(9_000); // longer than the guard waits for a listing, so that it has given the worker up

        await("killed", () -> !guest.isAlive());
        await("said", () -> "0".equals(guard.status().get("domains_running")));
    }

    @Test
    void aJournalThatTakesNothingHoldsNothingUp() throws IOException {
        guest();
        guard = GuardProcess.start(List.of("python3", "-c", WITH_A_FULL_PIPE), directory, "pids:" + pids);
        await("armed", () -> {
            lease.hold(1_000);
            return "1".equals(guard.status().get("armed"));
        });

        await("paused", () -> "1".equals(guard.status().get("domains_paused")));
    }

    private long worker() {
        return guard.handle()
                .children()
                .filter(child -> child.info().commandLine().orElse("").contains("--worker"))
                .mapToLong(ProcessHandle::pid)
                .findFirst()
                .orElse(0);
    }

    private Process guest() throws IOException {
        Process guest = start("sh", "-c", "while :; do sleep 0.1; done", "qemu", "-uuid", UUID);
        Files.writeString(pids.resolve("a.part"), guest.pid() + "\n");
        Files.move(pids.resolve("a.part"), pids.resolve("a.pid"));
        return guest;
    }

    private Process start(String... command) throws IOException {
        var whole = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL"));
        whole.addAll(List.of(command));
        Process process = new ProcessBuilder(whole)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        processes.add(process);
        return process;
    }

    private void await(String what, BooleanSupplier condition) {
        long endNanos = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - endNanos)
                    .as(() -> what + " within " + LIMIT + "; the guard's log: " + log())
                    .isNegative();
            LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
        }
    }

    private String log() {
        try {
            return Files.readString(directory.resolve("guard.log"));
        } catch (IOException e) {
            return "(none: " + e.getMessage() + ")";
        }
    }
}

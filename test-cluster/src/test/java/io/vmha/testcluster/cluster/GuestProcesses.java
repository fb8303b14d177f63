package io.vmha.testcluster.cluster;

import io.vmha.testcluster.cloud.GuestLedger;
import io.vmha.testcluster.cloud.SimulatedCloud;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;

/** The guests of a simulated cloud as processes with pid files, as {@code gate.guests: pids:} looks for them. */
final class GuestProcesses implements GuestLedger.Listener, AutoCloseable {
    private final SimulatedCloud cloud;
    private final Function<String, Path> directoryOf;
    private final Map<String, Process> running = new ConcurrentHashMap<>(); // by VM and host
    private final Set<String> crashing = ConcurrentHashMap.newKeySet();
    /** Guests live as long as the thread that started them. */
    private final ExecutorService worker = Executors.newSingleThreadExecutor();

    /** Starts what runs now, and from now on what Nova starts. */
    GuestProcesses(SimulatedCloud cloud, Function<String, Path> directoryOf) {
        this.cloud = cloud;
        this.directoryOf = directoryOf;
        cloud.ledger().runs().stream()
                .filter(run -> run.toMs().isEmpty())
                .forEach(run -> started(run.server(), run.host()));
        cloud.ledger().listen(this);
    }

    @Override
    public void started(String vm, String host) {
        worker.execute(() -> {
            try {
                Process guest = new ProcessBuilder("setpriv", "--pdeathsig", "KILL", "sleep", "900").start();
                Files.createDirectories(directoryOf.apply(host));
                Files.writeString(file(vm, host), guest.pid() + "\n");
                running.put(vm + "@" + host, guest);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /** Nova has ended it, and so takes its pid file away. */
    @Override
    public void stopped(String vm, String host) {
        worker.execute(() -> {
            Process guest = running.remove(vm + "@" + host);
            if (guest != null) {
                guest.destroyForcibly();
            }
            if (!crashing.remove(vm)) {
                deleteFile(vm, host);
            }
        });
    }

    private void deleteFile(String vm, String host) {
        try {
            Files.deleteIfExists(file(vm, host));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path file(String vm, String host) {
        return directoryOf.apply(host).resolve(vm + ".pid");
    }

    /** Its process dies; Nova finds out later. */
    void crash(String vm) {
        crashing.add(vm);
        cloud.endGuest(vm);
    }

    /** It switches itself off from inside; Nova finds out later. */
    void shutDown(String vm) {
        cloud.endGuest(vm);
    }

    boolean runs(String vm, String host) {
        Process guest = running.get(vm + "@" + host);
        return guest != null && guest.isAlive();
    }

    @Override
    public void close() {
        worker.shutdownNow();
        running.values().forEach(Process::destroyForcibly);
    }
}

package io.vmha.recovery.hypervisor;

import io.vmha.recovery.core.Hypervisor;
import io.vmha.recovery.core.HypervisorException;
import io.vmha.recovery.core.ServerId;
import io.vmha.recovery.fencing.ChildProcess;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Guests that are plain processes, each with a pid file {@code UUID.pid}: what the guard's {@code --domains pids:DIR} suspends. */
public final class PidFileHypervisor implements Hypervisor {
    private static final String ENDING = ".pid";
    private static final long END_LIMIT_MS = 5_000;
    private static final Duration SIGNAL_LIMIT = Duration.ofSeconds(5);

    private final Path directory;

    public PidFileHypervisor(Path directory) {
        this.directory = directory;
    }

    @Override
    public List<Domain> domains() {
        var domains = new ArrayList<Domain>();
        try (var files = Files.newDirectoryStream(directory, "*" + ENDING)) {
            for (Path file : files) {
                String name = file.getFileName().toString();
                String id = name.substring(0, name.length() - ENDING.length());
                process(file).ifPresent(p -> domains.add(new Domain(new ServerId(id), id, !isStopped(p))));
            }
        } catch (IOException | DirectoryIteratorException e) {
            throw new HypervisorException("the guests' pid files cannot be read in " + directory + ": " + e, e);
        }
        domains.sort(Comparator.comparing(d -> d.id().value()));
        return List.copyOf(domains);
    }

    /** Whoever ends a guest on purpose removes its pid file; a crash leaves it behind. */
    @Override
    public Fate fate(ServerId id) {
        Path file = directory.resolve(id.value() + ENDING);
        if (!Files.exists(file)) {
            return new Fate(Fate.Kind.ENDED, "its pid file is gone");
        }
        return process(file).isPresent()
                ? new Fate(Fate.Kind.LIVES, "its process runs")
                : new Fate(Fate.Kind.CRASHED, "its process is gone and its pid file is there");
    }

    @Override
    public List<ServerId> withoutProcess() {
        var ids = new ArrayList<ServerId>();
        try (var files = Files.newDirectoryStream(directory, "*" + ENDING)) {
            for (Path file : files) {
                String name = file.getFileName().toString();
                if (process(file).isEmpty()) {
                    ids.add(new ServerId(name.substring(0, name.length() - ENDING.length())));
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            throw new HypervisorException("the guests' pid files cannot be read in " + directory + ": " + e, e);
        }
        return List.copyOf(ids);
    }

    @Override
    public void suspend(ServerId id) {
        process(directory.resolve(id.value() + ENDING)).ifPresent(guest -> {
            ChildProcess.Outcome outcome =
                    ChildProcess.run(List.of("kill", "-STOP", Long.toString(guest.pid())), Map.of(), "", SIGNAL_LIMIT);
            if (!outcome.hasExit(0) && guest.isAlive()) {
                throw new HypervisorException(
                        "guest " + id + " cannot be stopped, pid " + guest.pid() + ": " + outcome.output(), null);
            }
        });
    }

    @Override
    public void destroy(ServerId id) {
        Optional<ProcessHandle> guest = process(directory.resolve(id.value() + ENDING));
        if (guest.isEmpty()) {
            return;
        }
        guest.get().destroyForcibly();
        try {
            guest.get().onExit().get(END_LIMIT_MS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            throw new HypervisorException(
                    "guest " + id + " outlives SIGKILL, pid " + guest.get().pid(), e);
        }
    }

    private static Optional<ProcessHandle> process(Path file) {
        try {
            String[] words = Files.readString(file).strip().split("\\s+", -1);
            return ProcessHandle.of(Long.parseLong(words[0])).filter(ProcessHandle::isAlive);
        } catch (NoSuchFileException e) {
            return Optional.empty(); // it has just ended
        } catch (NumberFormatException e) {
            return Optional.empty(); // half written, or none of ours
        } catch (IOException e) {
            throw new HypervisorException("the pid file cannot be read: " + file, e);
        }
    }

    private static boolean isStopped(ProcessHandle process) {
        try {
            String stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
            return stat.charAt(stat.lastIndexOf(')') + 2) == 'T';
        } catch (IOException e) {
            return false;
        }
    }
}

package io.vmha.testcluster.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Processes that may use a part of a core only, while two busy loops take what there is; undone by closing. */
final class Starvation implements AutoCloseable {
    private static final Path V1 = Path.of("/sys/fs/cgroup/cpu");
    private static final Path V2 = Path.of("/sys/fs/cgroup");
    private static final int PERIOD_US = 100_000;

    private final List<Process> hogs = new ArrayList<>();
    private final List<Path> groups = new ArrayList<>();
    private final Path parent;
    private final boolean limited;

    private Starvation(Path parent, boolean limited) {
        this.parent = parent;
        this.limited = limited;
    }

    /** Each process gets this share of a core. */
    static Starvation of(List<ProcessHandle> processes, double cores) {
        boolean old = Files.isDirectory(V1);
        Starvation made = new Starvation(old ? V1 : V2, true);
        try {
            for (ProcessHandle process : processes) {
                made.limit(process, cores, old);
            }
        } catch (IOException e) {
            made.close();
            made = new Starvation(V2, false);
        }
        for (int i = 0; i < 2; i++) {
            made.hog();
        }
        return made;
    }

    String how() {
        return limited ? "cgroup quota" : "no cgroups here: the busy loops only";
    }

    private void limit(ProcessHandle process, double cores, boolean old) throws IOException {
        Path group = Files.createDirectory(parent.resolve("vmha-bench-" + process.pid()));
        groups.add(group);
        long quota = (long) (PERIOD_US * cores);
        if (old) {
            write(group.resolve("cpu.cfs_period_us"), Long.toString(PERIOD_US));
            write(group.resolve("cpu.cfs_quota_us"), Long.toString(quota));
        } else {
            write(group.resolve("cpu.max"), String.format(Locale.ROOT, "%d %d", quota, PERIOD_US));
        }
        write(group.resolve("cgroup.procs"), Long.toString(process.pid()));
    }

    private static void write(Path file, String text) throws IOException {
        Files.writeString(file, text, StandardCharsets.US_ASCII);
    }

    private void hog() {
        try {
            hogs.add(new ProcessBuilder("setpriv", "--pdeathsig", "KILL", "sh", "-c", "while :; do :; done").start());
        } catch (IOException e) {
            throw new UncheckedIOException("a busy loop cannot be started", e);
        }
    }

    @Override
    public void close() {
        hogs.forEach(Process::destroyForcibly);
        for (Path group : groups) {
            try {
                Path all = parent.resolve("cgroup.procs");
                for (String pid : Files.readAllLines(group.resolve("cgroup.procs"))) {
                    write(all, pid);
                }
                Files.delete(group);
            } catch (IOException e) {
                System.err.println("control group " + group + " is left behind: " + e.getMessage());
            }
        }
    }
}

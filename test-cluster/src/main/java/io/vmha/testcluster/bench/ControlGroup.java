package io.vmha.testcluster.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** One process in a control group of its own, of either version; it is given back to the parent when this is closed. */
final class ControlGroup implements AutoCloseable {
    private static final Path V1 = Path.of("/sys/fs/cgroup/cpu");
    private static final Path V2 = Path.of("/sys/fs/cgroup");
    private static final int PERIOD_US = 100_000;

    private final Path parent;
    private final Path group;

    private ControlGroup(Path parent, Path group) {
        this.parent = parent;
        this.group = group;
    }

    /** @throws IOException if there is no such file system, or none in which groups can be made */
    static ControlGroup around(ProcessHandle process) throws IOException {
        Path parent = Files.isDirectory(V1) ? V1 : V2;
        var made = new ControlGroup(parent, Files.createDirectory(parent.resolve("vmha-bench-" + process.pid())));
        try {
            made.write("cgroup.procs", Long.toString(process.pid()));
            return made;
        } catch (IOException e) {
            made.close();
            throw e;
        }
    }

    /** At most so many cores. */
    void limit(double cores) throws IOException {
        long quota = (long) (PERIOD_US * cores);
        if (parent.equals(V1)) {
            write("cpu.cfs_period_us", Long.toString(PERIOD_US));
            write("cpu.cfs_quota_us", Long.toString(quota));
        } else {
            write("cpu.max", String.format(Locale.ROOT, "%d %d", quota, PERIOD_US));
        }
    }

    /** The weight against others, in the numbers of systemd's CPUWeight: usual is 100. */
    void weigh(int weight) throws IOException {
        if (parent.equals(V1)) {
            write("cpu.shares", Integer.toString(weight * 1024 / 100)); // as systemd converts it
        } else {
            write("cpu.weight", Integer.toString(weight));
        }
    }

    private void write(String file, String text) throws IOException {
        Files.writeString(group.resolve(file), text, StandardCharsets.US_ASCII);
    }

    @Override
    public void close() {
        try {
            Path all = parent.resolve("cgroup.procs");
            for (String pid : Files.readAllLines(group.resolve("cgroup.procs"))) {
                Files.writeString(all, pid, StandardCharsets.US_ASCII);
            }
            Files.delete(group);
        } catch (IOException e) {
            System.err.println("control group " + group + " is left behind: " + e.getMessage());
        }
    }
}

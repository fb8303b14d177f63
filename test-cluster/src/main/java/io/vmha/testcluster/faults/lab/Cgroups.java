package io.vmha.testcluster.faults.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** Limits of processor and memory by control groups of version 1 or 2, named after this run so that ./faults clean knows whose they are. */
public final class Cgroups {
    private static final Path ROOT = Path.of("/sys/fs/cgroup");
    private static final int PERIOD_US = 100_000;

    private Cgroups() {}

    /** A share of one processor, in percent. */
    public static Group cpu(String name, int percent) {
        Group group = new Group(directory("cpu", name), isVersion2());
        if (isVersion2()) {
            group.write("cpu.max", percent * PERIOD_US / 100 + " " + PERIOD_US);
        } else {
            group.write("cpu.cfs_period_us", Integer.toString(PERIOD_US));
            group.write("cpu.cfs_quota_us", Integer.toString(percent * PERIOD_US / 100));
        }
        return group;
    }

    /** So much memory beyond what a process has already: kernels of today do not move that with it. */
    public static Group memory(String name, int mib) {
        Group group = new Group(directory("memory", name), isVersion2());
        long bytes = (long) mib << 20;
        if (isVersion2()) {
            group.write("memory.max", Long.toString(bytes));
        } else {
            group.write("memory.limit_in_bytes", Long.toString(bytes));
        }
        return group;
    }

    private static boolean isVersion2() {
        return Files.exists(ROOT.resolve("cgroup.controllers"));
    }

    /** The run's name comes from the script that started it, which also removes what is left. */
    private static Path directory(String controller, String name) {
        String run = Optional.ofNullable(System.getenv("VMHA_FAULTS_RUN")).orElse("vmha-faults-0");
        Path parent = isVersion2() ? ROOT : ROOT.resolve(controller);
        try {
            if (isVersion2()) {
                Files.writeString(ROOT.resolve("cgroup.subtree_control"), "+" + controller);
            }
            return Files.createDirectories(parent.resolve(run + "-" + name));
        } catch (IOException e) {
            throw new LabException("a control group for " + controller + " cannot be made: " + e.getMessage(), e);
        }
    }

    /** One group with its limit. */
    public static final class Group {
        private final Path directory;
        private final boolean version2;

        private Group(Path directory, boolean version2) {
            this.directory = directory;
            this.version2 = version2;
        }

        private void write(String file, String value) {
            try {
                Files.writeString(directory.resolve(file), value);
            } catch (IOException e) {
                throw new LabException(directory.resolve(file) + " does not take " + value + ": " + e.getMessage(), e);
            }
        }

        /** Puts a process with all its threads under the limit. */
        public void take(long pid) {
            if (pid > 0) {
                write("cgroup.procs", Long.toString(pid));
            }
        }

        /** How often it had to wait for its turn. */
        public Optional<String> throttled() {
            return line("cpu.stat", "nr_throttled").map(times -> "throttled " + times + " times");
        }

        /** How often it was refused memory. */
        public Optional<String> refused() {
            return (version2 ? line("memory.events", "max") : line("memory.failcnt", ""))
                    .map(times -> times + " requests for memory met the limit");
        }

        private Optional<String> line(String file, String name) {
            try (Stream<String> lines = Files.lines(directory.resolve(file))) {
                return lines.filter(line -> line.startsWith(name))
                        .map(line -> line.substring(name.length()).strip())
                        .filter(number -> !number.equals("0"))
                        .findFirst();
            } catch (IOException e) {
                return Optional.empty();
            }
        }

        /** Lets everybody out and removes it. */
        public void release() {
            Path parent = directory.getParent();
            try {
                for (String pid : Files.readAllLines(directory.resolve("cgroup.procs"))) {
                    Shell.attempt(
                            java.util.List.of(
                                    "sh",
                                    "-c",
                                    "echo \"$1\" >\"$2\"",
                                    "move",
                                    pid,
                                    parent.resolve("cgroup.procs").toString()),
                            "");
                }
                Shell.await(3_000, () -> directory.toFile().delete());
            } catch (IOException e) {
                throw new LabException("the control group " + directory + " cannot be removed: " + e.getMessage(), e);
            }
        }
    }
}

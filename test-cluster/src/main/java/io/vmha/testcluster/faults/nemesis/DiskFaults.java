package io.vmha.testcluster.faults.nemesis;

import io.vmha.testcluster.faults.lab.DaemonProcess;
import io.vmha.testcluster.faults.lab.LabHost;
import io.vmha.testcluster.faults.lab.Shell;
import io.vmha.testcluster.faults.lab.TestBed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The disk of a daemon: full, slow, failing, read-only, or torn off in the middle of its last record. */
final class DiskFaults {
    private DiskFaults() {}

    static List<Nemesis> all() {
        return List.of(
                new Nemesis(
                        "disk-full",
                        Family.DISK,
                        "no byte is left on a daemon's disk",
                        4_000,
                        20_000,
                        DiskFaults::full),
                new Nemesis(
                        "disk-slow",
                        Family.DISK,
                        "every fsync of a daemon takes 0.1 to 0.6 s longer",
                        5_000,
                        20_000,
                        DiskFaults::slow),
                new Nemesis(
                        "disk-failing",
                        Family.DISK,
                        "every fsync of a daemon fails with EIO",
                        4_000,
                        15_000,
                        DiskFaults::failing),
                new Nemesis(
                        "disk-readonly",
                        Family.DISK,
                        "a daemon's file system is aborted and goes read-only",
                        4_000,
                        15_000,
                        DiskFaults::readOnly),
                new Nemesis(
                        "disk-torn",
                        Family.DISK,
                        "a daemon is killed and the end of its newest log file is cut off",
                        500,
                        3_000,
                        DiskFaults::torn));
    }

    private static Fault full(Stage stage) {
        List<LabHost> targets = stage.hosts(1);
        TestBed bed = stage.bed();
        for (LabHost host : targets) {
            Path ballast = bed.daemon(host).dataFromOutside().resolve("ballast");
            Shell.attempt(List.of("dd", "if=/dev/zero", "of=" + ballast, "bs=64k"), ""); // ends when nothing is left
        }
        return new Fault("filled to the last byte", targets)
                .silencing(targets)
                .shownBy(() -> isFull(bed, targets))
                .healedBy(() -> targets.forEach(host -> onDisk(bed, host, "rm -f \"$1/ballast\"")));
    }

    private static Optional<String> isFull(TestBed bed, List<LabHost> targets) {
        for (LabHost host : targets) {
            DaemonProcess daemon = bed.daemon(host);
            if (!daemon.isAlive()) {
                return Optional.of("the daemon has ended on it: " + bed.lastWords(host));
            }
            Path probe = daemon.dataFromOutside().resolve("probe");
            Shell.Outcome outcome =
                    Shell.attempt(List.of("dd", "if=/dev/zero", "of=" + probe, "bs=64k", "count=4"), "");
            return ProcessFaults.proof(
                    outcome.output().contains("No space left"), "writing says: No space left on device");
        }
        return Optional.empty();
    }

    /** Runs a line of shell with the disk's mount point as {@code $1}, whether the daemon runs or not. */
    private static void onDisk(TestBed bed, LabHost host, String line) {
        DaemonProcess daemon = bed.daemon(host);
        if (daemon.isAlive()) {
            Shell.attempt(
                    List.of("sh", "-c", line, "disk", daemon.dataFromOutside().toString()), "");
        } else {
            bed.onResting(host, line);
        }
    }

    private static Fault slow(Stage stage) {
        int ms = stage.between(100, 600);
        return injected(stage, ms + " ms for each fsync", "delay_enter=" + ms * 1_000, false);
    }

    private static Fault failing(Stage stage) {
        return injected(stage, "every fsync says EIO", "error=EIO", true);
    }

    private static Fault injected(Stage stage, String detail, String what, boolean mayEnd) {
        List<LabHost> targets = stage.hosts(1);
        TestBed bed = stage.bed();
        LabHost host = targets.get(0);
        Path log = host.directory().resolve(stage.fresh("strace"));
        Process strace = trace(bed.daemon(host).pid(), what, log);
        Fault fault = new Fault(detail, targets).shownBy(() -> injections(log)).healedBy(() -> {
            strace.destroy();
            Shell.await(5_000, () -> !strace.isAlive());
            strace.destroyForcibly();
            bed.signalDaemon(host, "CONT");
            bed.startDaemon(host);
        });
        return mayEnd ? fault.silencing(targets) : fault;
    }

    private static Process trace(long pid, String what, Path log) {
        try {
            Process strace = new ProcessBuilder(
                            "strace",
                            "-f",
                            "-q",
                            "-p",
                            Long.toString(pid),
                            "-o",
                            log.toString(),
                            "-e",
                            "trace=fsync,fdatasync,msync",
                            "-e",
                            "inject=fsync,fdatasync,msync:" + what)
                    .redirectErrorStream(true)
                    .redirectOutput(
                            log.resolveSibling(log.getFileName() + ".err").toFile())
                    .start();
            Shell.await(5_000, () -> Files.exists(log));
            return strace;
        } catch (IOException e) {
            throw new io.vmha.testcluster.faults.lab.LabException(
                    "strace cannot be run: " + e.getMessage() + "; is the package strace installed?", e);
        }
    }

    private static Optional<String> injections(Path log) {
        try {
            long hits = Files.exists(log)
                    ? Files.readAllLines(log).stream()
                            .filter(line -> line.contains("INJECTED") || line.contains("DELAYED"))
                            .count()
                    : 0;
            return ProcessFaults.proof(hits > 0, hits + " calls met");
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static Fault readOnly(Stage stage) {
        List<LabHost> targets = stage.hosts(1);
        TestBed bed = stage.bed();
        for (LabHost host : targets) {
            // ext4 takes "abort" as an error of the device; with errors=remount-ro nothing can be written from then on
            Shell.attempt(
                    List.of(
                            "nsenter",
                            "-t",
                            Long.toString(bed.daemon(host).pid()),
                            "-m",
                            "mount",
                            "-o",
                            "remount,abort",
                            bed.diskOf(host)),
                    "");
        }
        return new Fault("read-only after an error of the device", targets)
                .silencing(targets)
                .shownBy(() -> isReadOnly(bed, targets))
                .healedBy(() -> targets.forEach(host -> {
                    bed.killDaemon(host);
                    bed.checkDisk(host);
                    bed.startDaemon(host);
                }));
    }

    private static Optional<String> isReadOnly(TestBed bed, List<LabHost> targets) {
        for (LabHost host : targets) {
            DaemonProcess daemon = bed.daemon(host);
            if (!daemon.isAlive()) {
                return Optional.of("the daemon has ended on it: " + bed.lastWords(host));
            }
            Shell.Outcome outcome = Shell.attempt(
                    List.of("touch", daemon.dataFromOutside().resolve("probe").toString()), "");
            return ProcessFaults.proof(outcome.output().contains("Read-only"), "touch says: Read-only file system");
        }
        return Optional.empty();
    }

    private static Fault torn(Stage stage) {
        List<LabHost> targets = stage.hosts(1);
        TestBed bed = stage.bed();
        LabHost host = targets.get(0);
        int bytes = stage.between(1, 40);
        bed.killDaemon(host);
        // Ratis fills its open segment with zeros in advance: the end that is torn is that of the last record
        String torn = bed.onResting(
                host,
                "f=$(ls -t $(find \"$1\" -name 'log_inprogress*') | head -n 1); [ -n \"$f\" ] || exit 1\n"
                        + "python3 -S -c \"import sys,os\n"
                        + "f=open(sys.argv[1],'r+b'); d=f.read().rstrip(b'\\\\0'); n=max(8,len(d)-" + bytes
                        + "); f.truncate(n); os.fsync(f.fileno())\n"
                        + "print('%s: %d bytes, %d of them kept' % (os.path.basename(sys.argv[1]), len(d), n))\""
                        + " \"$f\"");
        return new Fault("the last " + bytes + " bytes torn off", targets)
                .silencing(targets)
                .shownBy(() -> ProcessFaults.proof(torn.contains("of them kept"), torn))
                .healedBy(() -> bed.startDaemon(host));
    }
}

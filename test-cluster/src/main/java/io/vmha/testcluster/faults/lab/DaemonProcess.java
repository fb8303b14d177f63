package io.vmha.testcluster.faults.lab;

import io.vmha.testcluster.cluster.VmhadProcess;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * The vmhad of one host: a real one, in the host's namespace, with a small disk of its own (ext4 on a loop device, mounted for this process
 * only, so that the mount ends with it) and, where the clock is to be moved, with a wall clock of its own.
 */
public final class DaemonProcess {
    private static final int DISK_MIB = 96;
    private static final int CLOCK_BYTES = 24;

    private final LabHost host;
    private final Network network;
    private final Optional<Path> wallClock;
    private String classPath;
    private Optional<Process> process = Optional.empty();

    DaemonProcess(LabHost host, Network network, String classPath, Optional<Path> wallClock) {
        this.host = host;
        this.network = network;
        this.classPath = classPath;
        this.wallClock = wallClock;
    }

    /** An empty disk. */
    void format() {
        try {
            Files.createDirectories(host.dataDirectory());
            newBoot();
        } catch (IOException e) {
            throw new LabException("cannot make " + host.dataDirectory() + ": " + e.getMessage(), e);
        }
        Shell.run(List.of("truncate", "-s", DISK_MIB + "M", host.diskImage().toString()));
        Shell.run(List.of("mkfs.ext4", "-q", "-F", "-m", "0", host.diskImage().toString()));
    }

    /** The host's kernel has started again: to its daemon that is another life of the host. */
    void newBoot() {
        try {
            Files.writeString(host.bootId(), UUID.randomUUID() + "\n");
        } catch (IOException e) {
            throw new LabException("cannot write " + host.bootId() + ": " + e.getMessage(), e);
        }
    }

    /** Another build from the next start on. */
    public void useBuild(String newClassPath) {
        classPath = newClassPath;
    }

    /** Starts it; does nothing if it runs. */
    void start() {
        if (isAlive()) {
            return;
        }
        var java = new ArrayList<String>();
        java.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        java.addAll(VmhadProcess.JVM);
        java.addAll(VmhadProcess.archive());
        java.add("-Dvmha.boot_id_file=" + host.bootId());
        java.addAll(List.of("-cp", classPath, "io.vmha.node.Main", "--config"));
        java.add(host.directory().resolve("vmhad.yaml").toString());
        // a daemon that was killed a moment ago may hold its loop device for another moment
        String script =
                "for i in 1 2 3 4 5 6 7 8 9 10; do mount -o loop,errors=remount-ro \"$1\" \"$2\" && break; sleep 0.2;"
                        + " done; mountpoint -q \"$2\" || exit 32; mkdir -p /run/vmha; mount -t tmpfs tmpfs /run/vmha;"
                        + " mount --bind \"$3\" /proc/sys/kernel/random/boot_id || exit 32;"
                        + " shift 3; exec setsid \"$@\"";
        List<String> command = network.in(
                host.node(),
                "sh",
                "-c",
                script,
                "vmhad",
                host.diskImage().toString(),
                host.dataDirectory().toString(),
                host.bootId().toString());
        command.addAll(clock());
        command.addAll(java);
        try {
            Process started = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(host.log().toFile()))
                    .start();
            started.getOutputStream().close();
            process = Optional.of(started);
        } catch (IOException e) {
            throw new LabException("vmhad of " + host.name() + " cannot be started: " + e.getMessage(), e);
        }
    }

    /** The environment that lets the wall clock, and nothing else, follow a file. */
    private List<String> clock() {
        if (wallClock.isEmpty()) {
            return List.of();
        }
        moveClock(0, 0);
        return List.of("env", "LD_PRELOAD=" + wallClock.get(), "WALLCLOCK=" + host.clockFile());
    }

    /**
     * Moves the daemon's wall clock; needs a run with clock faults.
     *
     * @param offsetNanos how much it is ahead from now on
     * @param gainNanos how much more it gains each second
     */
    public void moveClock(long offsetNanos, long gainNanos) {
        ByteBuffer plan = ByteBuffer.allocate(CLOCK_BYTES).order(ByteOrder.nativeOrder());
        plan.putLong(offsetNanos).putLong(System.nanoTime()).putLong(gainNanos).flip();
        // in place: the daemon has the file mapped
        try (FileChannel file =
                FileChannel.open(host.clockFile(), StandardOpenOption.WRITE, StandardOpenOption.CREATE)) {
            file.write(plan, 0);
        } catch (IOException e) {
            throw new LabException("the clock of " + host.name() + " cannot be moved: " + e.getMessage(), e);
        }
    }

    public boolean isAlive() {
        return process.map(Process::isAlive).orElse(false);
    }

    /** Its process; 0 if it does not run. */
    public long pid() {
        return process.filter(Process::isAlive).map(Process::pid).orElse(0L);
    }

    /** Where its disk can be reached from outside while it runs. */
    public Path dataFromOutside() {
        return Path.of("/proc/" + pid() + "/root" + host.dataDirectory());
    }

    /** What the daemon says to those who would start guests. */
    Path gateFile() {
        return Path.of("/proc/" + pid() + "/root/run/vmha/gate");
    }

    /** Sends a signal by its name. */
    public void signal(String name) {
        if (pid() > 0) {
            Shell.attempt(List.of("kill", "-" + name, Long.toString(pid())), "");
        }
    }

    /** {@code kill -9}; returns when it is dead. */
    void kill() {
        process.ifPresent(p -> {
            p.destroyForcibly();
            awaitEnd(p);
        });
    }

    /** Asks it to end, as a service manager does, and kills it if it does not. */
    void stop() {
        process.ifPresent(p -> {
            p.destroy();
            awaitEnd(p);
        });
    }

    private void awaitEnd(Process p) {
        try {
            if (!p.waitFor(20, TimeUnit.SECONDS)) {
                p.destroyForcibly();
                p.waitFor(5, TimeUnit.SECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

package io.vmha.testcluster.guard;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A compute host with its own real libvirtd and QEMU guests, as {@code test-cluster/lab/hypervisor} makes it. */
public final class LabHost implements AutoCloseable {
    /** What a guest wrote last on its disk: the nonce is of its boot, the count goes up. */
    public record Beat(String nonce, long count) {}

    private static final int SECTOR = 512;

    private final Path directory;
    private final Process host;

    private LabHost(Path directory, Process host) {
        this.directory = directory;
        this.host = host;
    }

    public static boolean isPossible() {
        return "root".equals(System.getProperty("user.name"))
                && List.of("/usr/sbin/libvirtd", "/usr/bin/virsh", "/usr/bin/qemu-system-x86_64", "/usr/bin/ld")
                        .stream()
                        .allMatch(program -> Files.isExecutable(Path.of(program)));
    }

    private static String script() {
        return GuardProcess.binary() // test-cluster/target/guard/vmha-guard
                .resolve("../../../lab/hypervisor")
                .normalize()
                .toString();
    }

    /** Switches a host on; it dies with this JVM. */
    public static LabHost start(Path directory) {
        try {
            Files.createDirectories(directory);
            Process host = new ProcessBuilder("setpriv", "--pdeathsig", "KILL", script(), "run", directory.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("host.log").toFile())
                    .start();
            return new LabHost(directory, host);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public boolean answers() {
        return run(inside("virsh", "-q", "list")).isPresent();
    }

    /** The command that runs something in this host. */
    public List<String> inside(String... command) {
        var words = new ArrayList<>(List.of(script(), "in", directory.toString()));
        words.addAll(List.of(command));
        return words;
    }

    /** A command's output; empty if it failed. */
    public static Optional<String> run(List<String> command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return process.waitFor(60, TimeUnit.SECONDS) && process.exitValue() == 0
                    ? Optional.of(output)
                    : Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Runs a command that must succeed. */
    public static void must(List<String> command) {
        if (run(command).isEmpty()) {
            throw new IllegalStateException("failed: " + command);
        }
    }

    public String virsh(String... arguments) {
        var command = new ArrayList<>(List.of("virsh", "-q"));
        command.addAll(List.of(arguments));
        return run(inside(command.toArray(String[]::new)))
                .orElseThrow(() -> new IllegalStateException("failed: " + command))
                .strip();
    }

    public static Path disk(Path file) {
        must(List.of(script(), "disk", file.toString()));
        return file;
    }

    public void guest(String name, String uuid, Path disk) {
        must(List.of(script(), "guest", directory.toString(), name, uuid, disk.toString()));
    }

    /** A guest that libvirt remembers when it is gone, as those of Nova are. */
    public void persistentGuest(String name, String uuid, Path disk) {
        guest(name, uuid, disk);
        virsh("define", directory.resolve(name + ".xml").toString());
    }

    /** {@code kill -9} of the guest's QEMU. */
    public void killQemu(String name) {
        String pid = run(inside("cat", "/run/libvirt/qemu/" + name + ".pid"))
                .orElseThrow(() -> new IllegalStateException("no QEMU runs for " + name))
                .strip();
        must(inside("kill", "-KILL", pid));
    }

    /** QEMU ends as it does when its guest switches itself off: it says SHUTDOWN first. The order itself is never answered. */
    public void switchOff(String name) {
        run(inside("virsh", "-q", "qemu-monitor-command", name, "--hmp", "quit"));
    }

    /** How libvirt is reached from outside. */
    public String uri() {
        return "qemu+unix:///system?socket=" + directory.toAbsolutePath().resolve("run/libvirt/libvirt-sock");
    }

    /** The guest's last sign of life on its disk. */
    public static Optional<Beat> beat(Path disk) {
        try (var file = new RandomAccessFile(disk.toFile(), "r")) {
            var sector = new byte[SECTOR];
            file.seek(SECTOR);
            file.readFully(sector);
            String[] words =
                    new String(sector, 0, 32, StandardCharsets.US_ASCII).strip().split("[ \r\n]+", -1);
            return words.length >= 3 && words[0].equals("ALIVE")
                    ? Optional.of(new Beat(words[1], Long.parseLong(words[2], 16)))
                    : Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Cuts the power: everything in the host is dead when this returns. */
    @Override
    public void close() {
        host.destroyForcibly();
        try {
            if (!host.waitFor(20, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the host in " + directory + " does not end, pid " + host.pid());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

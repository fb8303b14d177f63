package io.vmha.testcluster.cluster;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A file system of a daemon's own: ext4 in a file, mounted in a mount namespace that the kernel ends with this JVM. The machine's own mounts
 * are not touched.
 */
final class OwnDisk implements AutoCloseable {
    private static final int MEBIBYTES = 64;
    private static final String HOLD = """
        set -e
        truncate -s "$3"M "$1"
        mkfs.ext4 -q -F -m 0 "$1"
        mount -o loop,errors=remount-ro "$1" "$2"
        echo mounted
        exec cat\
        """;

    private final Path image;
    private final Path mountPoint;
    private final Process holder;

    private OwnDisk(Path image, Path mountPoint, Process holder) {
        this.image = image;
        this.mountPoint = mountPoint;
        this.holder = holder;
    }

    static OwnDisk mountedAt(Path mountPoint) {
        try {
            Files.createDirectories(mountPoint);
            Path image = mountPoint.resolveSibling(mountPoint.getFileName() + ".ext4");
            Process holder = new ProcessBuilder(
                            "setpriv",
                            "--pdeathsig",
                            "KILL",
                            "unshare",
                            "--mount",
                            "--propagation",
                            "private",
                            "sh",
                            "-c",
                            HOLD,
                            "disk",
                            image.toString(),
                            mountPoint.toString(),
                            Integer.toString(MEBIBYTES))
                    .redirectErrorStream(true)
                    .start();
            BufferedReader out = holder.inputReader(StandardCharsets.UTF_8);
            String line = out.readLine();
            if (!"mounted".equals(line)) {
                throw new ClusterException("no file system of its own for " + mountPoint + ": " + line
                        + "; this test needs root, ext4 and loop devices");
            }
            return new OwnDisk(image, mountPoint, holder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What a command begins with that is to see this disk. */
    List<String> prefix() {
        return List.of("nsenter", "-t", Long.toString(holder.pid()), "-m");
    }

    /** The disk's root as the rest of the machine reaches it. */
    Path fromOutside() {
        return Path.of("/proc/" + holder.pid() + "/root" + mountPoint);
    }

    /** Runs a line of shell with the mount point as {@code $1} and the image as {@code $2}; returns what it said. */
    String run(String line) {
        var command = new ArrayList<>(prefix());
        command.addAll(List.of("sh", "-c", line, "disk", mountPoint.toString(), image.toString()));
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            int status = process.waitFor();
            if (status != 0) {
                throw new ClusterException(line + " ended with " + status + ": " + said);
            }
            return said;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClusterException("interrupted", e);
        }
    }

    @Override
    public void close() {
        holder.destroyForcibly();
    }
}

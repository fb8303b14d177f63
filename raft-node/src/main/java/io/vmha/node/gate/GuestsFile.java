package io.vmha.node.gate;

import io.vmha.recovery.core.ServerId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * The guests that run on this host, as the guard lists them once a second beside its own file. Asking libvirt for it from here would cost a
 * child process a second.
 */
public final class GuestsFile {
    private static final long FRESH_MS = 3_000;
    private static final long BYTES_MAX = 256 * 1024;
    private static final String RUNNING = "running=";
    private static final String PAUSED = "paused=";
    private static final String BOOT = "boot_id=";
    private static final String WRITTEN = "written_boottime_ms=";

    private GuestsFile() {}

    /** Those that run, not the paused ones; empty if the guard has not said it lately. */
    public static Optional<List<ServerId>> running(Path guardFile, String thisBoot, long nowMs) {
        return read(guardFile, thisBoot, nowMs, List.of(RUNNING));
    }

    /** Those that have a process, running or paused; empty if the guard has not said it lately. */
    static Optional<List<ServerId>> living(Path guardFile, String thisBoot, long nowMs) {
        return read(guardFile, thisBoot, nowMs, List.of(RUNNING, PAUSED));
    }

    private static Optional<List<ServerId>> read(Path guardFile, String thisBoot, long nowMs, List<String> wanted) {
        Path file = guardFile.resolveSibling(guardFile.getFileName() + ".guests");
        var found = new TreeSet<ServerId>();
        try {
            if (!Files.isRegularFile(file) || Files.size(file) > BYTES_MAX) {
                return Optional.empty();
            }
            boolean fresh = false;
            boolean ours = false;
            for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
                Optional<String> key = wanted.stream().filter(line::startsWith).findFirst();
                if (key.isPresent()) {
                    found.add(new ServerId(line.substring(key.get().length())));
                } else if (line.startsWith(BOOT)) {
                    ours = line.substring(BOOT.length()).equals(thisBoot);
                } else if (line.startsWith(WRITTEN)) {
                    fresh = nowMs - Long.parseLong(line.substring(WRITTEN.length())) <= FRESH_MS;
                }
            }
            return fresh && ours ? Optional.of(List.copyOf(found)) : Optional.empty();
        } catch (IOException | IllegalArgumentException e) {
            return Optional.empty(); // half of a file, or none of the guard's
        }
    }
}

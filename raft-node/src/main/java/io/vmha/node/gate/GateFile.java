package io.vmha.node.gate;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * Whether this host may start guests, as the daemon writes it on a RAM disk for {@code vmha gate}: one {@code key=value} a line, replaced
 * whole, once a second. The reader takes an old file for a closed gate.
 *
 * @param reason why it is closed, or what it was opened on
 * @param writtenMs on CLOCK_BOOTTIME
 */
record GateFile(boolean open, String reason, String bootId, long writtenMs) {
    private static final String FORMAT = "1";

    /** Replaces it. */
    void write(Path file) throws IOException {
        String text = "format=" + FORMAT + "\nopen=" + (open ? 1 : 0) + "\nreason=" + reason.replace('\n', ' ')
                + "\nboot_id=" + bootId + "\nwritten_boottime_ms=" + writtenMs + "\n";
        Path part = file.resolveSibling(file.getFileName() + ".part");
        Files.writeString(part, text, StandardCharsets.UTF_8);
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}

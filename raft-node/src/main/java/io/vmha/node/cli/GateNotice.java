package io.vmha.node.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeMap;

/**
 * What the daemon says of the gate, in a file on a RAM disk that it renews once a second. A file of another boot, or one that was not renewed
 * for some seconds, is a closed gate, and so is none at all.
 */
record GateNotice(boolean open, String reason) {
    private static final long FRESH_MS = 5_000;
    private static final Path UPTIME = Path.of("/proc/uptime");
    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

    static GateNotice read(Path file) {
        var values = new TreeMap<String, String>();
        try {
            for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
                int equals = line.indexOf('=');
                if (equals > 0) {
                    values.put(line.substring(0, equals), line.substring(equals + 1));
                }
            }
            if (!"1".equals(values.get("format"))) {
                return closed(
                        "vmhad and vmha are of different releases: format " + values.get("format") + " in " + file);
            }
            if (!Files.readString(BOOT_ID, StandardCharsets.US_ASCII).strip().equals(values.get("boot_id"))) {
                return closed("vmhad has not said anything in this boot");
            }
            long ageMs = bootMs() - Long.parseLong(values.getOrDefault("written_boottime_ms", "0"));
            if (Math.abs(ageMs) > FRESH_MS) {
                return closed("vmhad has said nothing for " + ageMs / 1_000 + " s; is it running?");
            }
            return new GateNotice("1".equals(values.get("open")), values.getOrDefault("reason", ""));
        } catch (AccessDeniedException e) {
            return closed("this user may not read " + file + ": ask as root or vmha");
        } catch (IOException | NumberFormatException e) {
            return closed("vmhad has not said anything yet: there is no good " + file);
        }
    }

    private static GateNotice closed(String why) {
        return new GateNotice(false, why);
    }

    /** CLOCK_BOOTTIME, as the daemon counts: seconds and hundredths. */
    private static long bootMs() throws IOException {
        String uptime = Files.readString(UPTIME, StandardCharsets.US_ASCII);
        int dot = uptime.indexOf('.');
        return Long.parseLong(uptime.substring(0, dot)) * 1_000
                + Long.parseLong(uptime.substring(dot + 1, dot + 3)) * 10;
    }
}

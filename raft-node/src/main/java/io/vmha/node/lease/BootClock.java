package io.vmha.node.lease;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * CLOCK_BOOTTIME: milliseconds since the kernel booted, the time it slept included. Leases are measured by it, because a host that was
 * suspended must not believe that its lease stood still (S3).
 *
 * <p>Java has no access to it, but the kernel writes it into {@code /proc/uptime}, in hundredths of a second, rounded down. That is what the
 * guard reads with {@code clock_gettime}, to 10 ms. A time that is taken too early ends a lease too early, never too late.
 */
public final class BootClock {
    private static final Path UPTIME = Path.of("/proc/uptime");
    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

    private BootClock() {}

    /** Milliseconds since the boot. */
    public static long nowMs() {
        try {
            return parse(Files.readString(UPTIME, StandardCharsets.US_ASCII));
        } catch (IOException e) {
            throw new UncheckedIOException("the time since the boot cannot be read from " + UPTIME, e);
        }
    }

    /** {@code seconds.hundredths idle}. */
    static long parse(String uptime) {
        int dot = uptime.indexOf('.');
        if (dot < 1 || uptime.length() < dot + 3) {
            throw new IllegalStateException(UPTIME + " must begin with seconds.hundredths but is \"" + uptime + '"');
        }
        return Long.parseLong(uptime.substring(0, dot)) * 1_000
                + Long.parseLong(uptime.substring(dot + 1, dot + 3)) * 10;
    }

    /** Names this boot of the machine. */
    public static String bootId() {
        try {
            return Files.readString(BOOT_ID, StandardCharsets.US_ASCII).strip();
        } catch (IOException e) {
            throw new UncheckedIOException("this boot's id cannot be read from " + BOOT_ID, e);
        }
    }
}

package io.vmha.testcluster.guard;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.Map;

/** A lease file as vmhad writes it, with values that a test chooses. */
public final class LeaseFile {
    private final Path file;
    private final Map<String, String> values = new LinkedHashMap<>();

    public LeaseFile(Path directory) {
        file = directory.resolve("lease");
        set("format", 1).set("host", "hv-1");
        try {
            set(
                    "boot_id",
                    Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        set("epoch", 3).set("state", "none").set("proofs", "lease").set("deadline_boottime_ms", 0);
        set("kill_after_ms", 1_000).set("grace_ms", 2_000).set("release_after_ms", 60_000);
        set("pool_seen", 5)
                .set("pool_size", 5)
                .set("leading_deadline_boottime_ms", 0)
                .set("caller_pid", 0);
        set("written_boottime_ms", 0).set("self_test_nonce", "first");
    }

    /** CLOCK_BOOTTIME, which the JVM does not offer: /proc/uptime counts by it. */
    public static long boottimeMs() {
        try {
            String uptime = Files.readString(Path.of("/proc/uptime"));
            return Math.round(Double.parseDouble(uptime.substring(0, uptime.indexOf(' '))) * 1_000);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public LeaseFile set(String key, Object value) {
        values.put(key, String.valueOf(value));
        return this;
    }

    /** A lease that runs for some time from now, written down. */
    public LeaseFile hold(long forMs) {
        return set("state", "held")
                .set("deadline_boottime_ms", boottimeMs() + forMs)
                .write();
    }

    public LeaseFile write() {
        values.put("written_boottime_ms", Long.toString(boottimeMs()));
        var text = new StringBuilder();
        values.forEach(
                (key, value) -> text.append(key).append('=').append(value).append('\n'));
        return replace(text.toString());
    }

    /** Anything in place of the file, as a fault. */
    public LeaseFile replace(String text) {
        try {
            Path part = file.resolveSibling("lease.part");
            Files.writeString(part, text);
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }
}

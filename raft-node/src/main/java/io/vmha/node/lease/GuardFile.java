package io.vmha.node.lease;

import java.nio.file.Path;
import java.util.Optional;

/**
 * What the guard tells the daemon (S6).
 *
 * @param armed the guard can pause, kill, and reset the host
 * @param reason why not
 * @param watchdog the watchdog that it feeds; empty if none
 * @param lastAction what it did last, in words
 * @param nonce the last self-test that it has answered
 * @param writtenMs when it wrote this, on the boot clock
 */
public record GuardFile(
        String bootId,
        long pid,
        boolean armed,
        String reason,
        String watchdog,
        long running,
        long paused,
        String lastAction,
        String nonce,
        long writtenMs) {

    /** Empty if there is no guard's file. */
    static Optional<GuardFile> read(Path file) {
        return KeyValues.read(file)
                .filter(v -> "1".equals(v.get("format")))
                .map(v -> new GuardFile(
                        v.getOrDefault("boot_id", ""),
                        KeyValues.number(v, "pid"),
                        "1".equals(v.get("armed")),
                        v.getOrDefault("reason", ""),
                        v.getOrDefault("watchdog", ""),
                        KeyValues.number(v, "domains_running"),
                        KeyValues.number(v, "domains_paused"),
                        v.getOrDefault("last_action", ""),
                        v.getOrDefault("self_test_nonce", ""),
                        KeyValues.number(v, "written_boottime_ms")));
    }
}

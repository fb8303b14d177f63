package io.vmha.node.lease;

import io.vmha.recovery.core.LeaseTiming;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;

/**
 * What the daemon tells the guard, in a file on a RAM disk: it survives neither a boot nor, if it is not renewed, the lease (S6).
 *
 * @param host this host as Nova names it
 * @param bootId the boot that all times are of
 * @param group the group that promised the lease; empty before one has
 * @param proofs what the AZ relies on: {@code bmc}, {@code lease} or {@code bmc,lease}
 * @param deadlineMs when the lease ends; 0 if none was proven in this boot
 * @param poolSeen how many members of the pool this host sees alive, itself included
 * @param leadingDeadlineMs until when this node's leadership is proven; 0 if it does not lead and calls nobody
 * @param callerPid the process that has calls to Nova or a BMC open; 0 if none
 * @param nonce the guard repeats it to show that it reads this file
 * @param writtenMs when this was written
 */
public record LeaseFile(
        String host,
        String bootId,
        String group,
        long epoch,
        State state,
        String proofs,
        long deadlineMs,
        int poolSeen,
        int poolSize,
        long leadingDeadlineMs,
        long callerPid,
        String nonce,
        long writtenMs) {
    private static final long RELEASE_AFTER_MS = 60_000;

    /** What the host knows of this life. */
    public enum State {
        /** No lease has been proven in this boot. */
        NONE,
        /** The lease holds until the deadline. */
        HELD,
        /** This life is sealed or certified: its domains are destroyed, never resumed. */
        SEALED
    }

    /** Replaces the file in one step. */
    void write(Path file) throws IOException {
        LeaseTiming timing = LeaseTiming.DEFAULT;
        KeyValues.write(
                file,
                List.of(
                        "format=1",
                        "host=" + KeyValues.oneLine(host),
                        "boot_id=" + bootId,
                        "group=" + group,
                        "epoch=" + epoch,
                        "state=" + state.name().toLowerCase(Locale.ROOT),
                        "proofs=" + proofs,
                        "deadline_boottime_ms=" + deadlineMs,
                        "kill_after_ms=" + timing.killAfterMs(),
                        "grace_ms=" + timing.graceMs(),
                        "release_after_ms=" + RELEASE_AFTER_MS,
                        "pool_seen=" + poolSeen,
                        "pool_size=" + poolSize,
                        "leading_deadline_boottime_ms=" + leadingDeadlineMs,
                        "caller_pid=" + callerPid,
                        "self_test_nonce=" + nonce,
                        "written_boottime_ms=" + writtenMs));
    }

    /** The file as an earlier process of this boot left it; empty if there is none, or if it is of another boot. */
    static Optional<LeaseFile> read(Path file, String bootId) {
        return KeyValues.read(file)
                .filter(v -> "1".equals(v.get("format")) && bootId.equals(v.get("boot_id")))
                .map(LeaseFile::of);
    }

    private static LeaseFile of(SortedMap<String, String> v) {
        State state = switch (v.getOrDefault("state", "")) {
            case "held" -> State.HELD;
            case "sealed" -> State.SEALED;
            default -> State.NONE;
        };
        return new LeaseFile(
                v.getOrDefault("host", ""),
                v.getOrDefault("boot_id", ""),
                v.getOrDefault("group", ""),
                KeyValues.number(v, "epoch"),
                state,
                v.getOrDefault("proofs", ""),
                KeyValues.number(v, "deadline_boottime_ms"),
                (int) KeyValues.number(v, "pool_seen"),
                (int) KeyValues.number(v, "pool_size"),
                KeyValues.number(v, "leading_deadline_boottime_ms"),
                KeyValues.number(v, "caller_pid"),
                v.getOrDefault("self_test_nonce", ""),
                KeyValues.number(v, "written_boottime_ms"));
    }
}

package io.vmha.node.kv;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** How much the store takes. It is held in every voter's memory and written whole into each snapshot, so it is small. */
public final class KvLimits {
    /** The longest key, in bytes of UTF-8. */
    public static final int KEY_BYTES_MAX = 1_024;
    /** The longest value, as Consul has it: with its key it must fit one entry of the log (528 KiB). */
    public static final int VALUE_BYTES_MAX = 512 * 1_024;
    /** All keys and values together, with {@link #ENTRY_OVERHEAD} for each key. */
    public static final long STORE_BYTES_MAX = 8L << 20;
    /** The number of keys. */
    public static final int KEYS_MAX = 10_000;
    /** The number of sessions. */
    public static final int SESSIONS_MAX = 1_000;
    /** What a key costs beyond its own bytes and its value's. */
    public static final int ENTRY_OVERHEAD = 128;
    /** What one answer may hold: it goes through the log's port, and many may be under way in a small heap. */
    public static final int ANSWER_BYTES_MAX = 1 << 20;
    /** Requests whose outcome is remembered, so that one that is committed twice has its effect once. */
    public static final int OUTCOMES_MAX = 8_192;
    /** Deleted keys whose index is remembered, for those who wait for changes under a prefix. */
    static final int TOMBSTONES_MAX = 2_048;
    /** Keys that are named one by one when they changed; with more of them, anything may have changed. */
    static final int KEYS_NAMED_MAX = 64;
    /** The longest text of a session: its name, its node, a check. */
    public static final int TEXT_MAX = 256;

    private static final int CHECKS_MAX = 16;
    private static final int ID_MAX = 64;

    private KvLimits() {}

    /** Why a key cannot be one. */
    public static Optional<String> objectionToKey(String key) {
        int bytes = key.getBytes(StandardCharsets.UTF_8).length;
        if (key.isEmpty()) {
            return Optional.of("Missing key name");
        }
        return bytes > KEY_BYTES_MAX
                ? Optional.of("a key has at most " + KEY_BYTES_MAX + " bytes but this one has " + bytes)
                : Optional.empty();
    }

    /** Why a value cannot be one. */
    public static Optional<String> objectionToSize(long bytes) {
        return bytes > VALUE_BYTES_MAX
                ? Optional.of("a value has at most " + VALUE_BYTES_MAX + " bytes but this one has " + bytes
                        + ": keep large values elsewhere and their address here")
                : Optional.empty();
    }

    static Optional<String> objectionToSession(KvSession session) {
        boolean fits = isId(session.id())
                && session.name().length() <= TEXT_MAX
                && session.node().length() <= TEXT_MAX
                && session.nodeChecks().size() <= CHECKS_MAX
                && session.nodeChecks().stream().allMatch(c -> c.length() <= TEXT_MAX);
        return fits
                ? Optional.empty()
                : Optional.of("a session has an id of at most " + ID_MAX + " characters, at most " + CHECKS_MAX
                        + " checks, and texts of at most " + TEXT_MAX + " characters");
    }

    /** True if this can be the id of a session or of a request. */
    public static boolean isId(String id) {
        return !id.isEmpty() && id.length() <= ID_MAX;
    }
}

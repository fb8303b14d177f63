package io.vmha.node.raft;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A server's state at one point of the log, short enough to be compared: servers that have applied the same entries have the same one.
 *
 * @param sha256 of what {@link Replicated#snapshot} returns there, in hexadecimal digits
 */
public record StateDigest(LogPosition applied, String sha256) {
    public StateDigest {
        if (!sha256.matches("[0-9a-f]{64}")) {
            throw new IllegalArgumentException(
                    "a SHA-256 has 64 hexadecimal digits, not " + sha256.length() + " characters");
        }
    }

    static StateDigest of(LogPosition applied, byte[] state) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(state);
            return new StateDigest(applied, HexFormat.of().formatHex(digest));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}

package io.vmha.node.raft;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Names one life of a Raft server: node name, {@code @}, identity of its storage.
 *
 * <p>The storage identity is random and lives in the data directory. Storage that is new, was lost, or moved to another address
 * makes a new peer: a server that forgot its vote must not vote again under its old name.
 */
public record PeerId(String value) implements Comparable<PeerId> {
    static final int NODE_NAME_LENGTH_MAX = 255;
    private static final Pattern FORM = Pattern.compile("[A-Za-z0-9._-]{1," + NODE_NAME_LENGTH_MAX + "}@[0-9a-f]{16}");

    /**
     * Takes {@code node@16 hex digits}.
     *
     * @throws IllegalArgumentException if the text has another form
     */
    public PeerId {
        if (!FORM.matcher(value).matches()) {
            throw new IllegalArgumentException(
                    "a peer id must be <node name>@<16 hex digits> but is " + printable(value));
        }
    }

    static PeerId of(String nodeName, long storage) {
        return new PeerId(String.format(Locale.ROOT, "%s@%016x", nodeName, storage));
    }

    /** The node's name without the identity of its storage. */
    public String nodeName() {
        return value.substring(0, value.indexOf('@'));
    }

    @Override
    public int compareTo(PeerId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }

    private static String printable(String text) {
        String head = text.substring(0, Math.min(text.length(), 300));
        return '"' + head.replaceAll("[^\\x20-\\x7e]", "?") + '"';
    }
}

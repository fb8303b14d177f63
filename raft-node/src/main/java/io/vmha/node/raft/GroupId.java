package io.vmha.node.raft;

import java.util.Objects;
import java.util.UUID;

/** Names one Raft group for ever; a group that is built anew gets a fresh one, so that two groups can never be taken for one. */
public record GroupId(UUID value) {
    public GroupId {
        Objects.requireNonNull(value, "value");
    }

    public static GroupId random() {
        return new GroupId(UUID.randomUUID());
    }

    /**
     * Reads what {@link #toString} wrote.
     *
     * @throws IllegalArgumentException if the text is no UUID
     */
    public static GroupId parse(String text) {
        return new GroupId(UUID.fromString(text));
    }

    @Override
    public String toString() {
        return value.toString();
    }
}

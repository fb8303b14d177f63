package io.vmha.node.raft;

/** A place in the log: the entry at {@code index}, written in {@code term}. Both are -1 or 0 before the first entry. */
public record LogPosition(long term, long index) implements Comparable<LogPosition> {
    /** Before the first entry. */
    public static final LogPosition NONE = new LogPosition(0, -1);

    @Override
    public int compareTo(LogPosition other) {
        return Long.compare(index, other.index);
    }
}

package io.vmha.recovery.core;

/** An incident's number: 1, 2, 3… within one group. */
public record IncidentId(long value) implements Comparable<IncidentId> {
    public IncidentId {
        if (value < 1) {
            throw new IllegalArgumentException("an incident's number is at least 1 but is " + value);
        }
    }

    @Override
    public int compareTo(IncidentId other) {
        return Long.compare(value, other.value);
    }

    @Override
    public String toString() {
        return Long.toString(value);
    }
}

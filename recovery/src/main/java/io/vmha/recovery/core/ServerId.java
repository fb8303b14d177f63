package io.vmha.recovery.core;

/** A VM, by Nova's server UUID. */
public record ServerId(String value) implements Comparable<ServerId> {
    public ServerId {
        if (value.isBlank() || value.length() > 64) {
            throw new IllegalArgumentException("a server id has 1 to 64 characters but is '" + value + "'");
        }
    }

    @Override
    public int compareTo(ServerId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}

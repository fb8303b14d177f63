package io.vmha.recovery.core;

/** A hypervisor, named as Nova's compute service names it ({@code OS-EXT-SRV-ATTR:host}). */
public record HostName(String value) implements Comparable<HostName> {
    public HostName {
        if (value.isBlank() || value.length() > 255) {
            throw new IllegalArgumentException("a host name has 1 to 255 characters but is '" + value + "'");
        }
    }

    @Override
    public int compareTo(HostName other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}

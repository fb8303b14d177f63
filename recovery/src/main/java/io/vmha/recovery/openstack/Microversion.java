package io.vmha.recovery.openstack;

import java.util.Optional;
import java.util.regex.Pattern;

/** A version of Nova's API, such as 2.68. */
record Microversion(int major, int minor) implements Comparable<Microversion> {
    private static final Pattern FORM = Pattern.compile("([0-9]{1,4})\\.([0-9]{1,6})");

    /** Services by UUID. */
    static final Microversion SERVICES = new Microversion(2, 53);
    /** Migrations with paging and filters by source and type. */
    static final Microversion MIGRATIONS = new Microversion(2, 59);
    /** Evacuate without a forced target, power state kept. */
    static final Microversion SERVERS = new Microversion(2, 68);
    /** The flavor is part of a server. */
    static final Microversion SERVERS_MIN = new Microversion(2, 47);
    /** A lock has a reason. */
    static final Microversion LOCK_REASONS = new Microversion(2, 73);
    /** What is understood of servers and done to them, but evacuate. */
    static final Range SERVER_BOUNDS = new Range(SERVERS_MIN, LOCK_REASONS);
    /** Evacuate decides itself whether the storage is shared. */
    static final Microversion EVACUATE_MIN = new Microversion(2, 14);
    /** The scheduler checks the host that an evacuation names. */
    static final Microversion EVACUATE_CHECKED = new Microversion(2, 29);
    /** From 2.95 on an evacuated server arrives stopped. */
    static final Microversion EVACUATE_MAX = new Microversion(2, 94);

    static Optional<Microversion> parse(String text) {
        var matcher = FORM.matcher(text);
        return matcher.matches()
                ? Optional.of(new Microversion(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2))))
                : Optional.empty();
    }

    String header() {
        return "compute " + this;
    }

    @Override
    public int compareTo(Microversion other) {
        return major != other.major ? Integer.compare(major, other.major) : Integer.compare(minor, other.minor);
    }

    @Override
    public String toString() {
        return major + "." + minor;
    }

    /** What one Nova endpoint speaks, from its version document. */
    record Range(Microversion min, Microversion max) {
        boolean has(Microversion version) {
            return min.compareTo(version) <= 0 && version.compareTo(max) <= 0;
        }

        /** The wanted version or the nearest to it that both the endpoint and the bounds allow; empty if there is none. */
        Optional<Microversion> nearest(Microversion wanted, Range bounds) {
            var low = later(min, bounds.min);
            var high = earlier(max, bounds.max);
            return low.compareTo(high) > 0 ? Optional.empty() : Optional.of(later(low, earlier(wanted, high)));
        }

        private static Microversion later(Microversion a, Microversion b) {
            return a.compareTo(b) >= 0 ? a : b;
        }

        private static Microversion earlier(Microversion a, Microversion b) {
            return a.compareTo(b) <= 0 ? a : b;
        }

        @Override
        public String toString() {
            return min + " to " + max;
        }
    }
}

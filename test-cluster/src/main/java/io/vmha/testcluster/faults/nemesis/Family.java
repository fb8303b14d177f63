package io.vmha.testcluster.faults.nemesis;

import java.util.Locale;

/** The classes of faults; a composed run meets each of them. */
public enum Family {
    PROCESS,
    POWER,
    PARTITION,
    CUT,
    QUALITY,
    CLOCK,
    DISK,
    RESOURCES,
    NAMES,
    CLOUD,
    BMC,
    PLAN,
    POOL;

    /** As it is written in options and reports. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}

package io.vmha.recovery.core;

/**
 * Power control of the hosts. Calls block, end within their own time limit, never throw for an operating error (they say UNKNOWN), and
 * are made on an action thread only.
 */
public interface Fencer {
    /** True if a fence device is configured for this host. */
    boolean isConfigured(HostName host);

    /** Asks the BMC for the power state and its identity, changing nothing. */
    BmcStatement status(HostName host);

    /**
     * Powers the host off and asks afterwards. Idempotent. A BMC that reports failure is asked again: a slow one reports failure and
     * powers off all the same.
     */
    BmcStatement powerOff(HostName host);

    /** Switches the host on, for a test of its fence device. No recovery does this by itself. */
    BmcStatement powerOn(HostName host);
}

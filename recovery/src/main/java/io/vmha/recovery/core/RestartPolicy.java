package io.vmha.recovery.core;

/**
 * What an AZ does about VMs that die on hosts that live. Committed when the AZ is enabled.
 *
 * @param select whose VMs are restarted in place
 * @param tries restarts of one VM within {@code windowMs}; one that dies more often is left to a person
 * @param backOffMs pause before the second restart within the window; it doubles with each further one
 */
public record RestartPolicy(Select select, int tries, long windowMs, long backOffMs) {
    /** Whose VMs. */
    public enum Select {
        /** All that would be evacuated, but those whose owner has said {@code vmha:restart=false}. */
        ALL,
        /** Of these only those whose owner has said {@code vmha:restart=true}. */
        TAGGED,
        /** None: what has died is only shown. */
        NONE
    }

    /** Three restarts an hour. */
    public static final RestartPolicy DEFAULT = new RestartPolicy(Select.ALL, 3, 3_600_000, 5_000);

    private static final int DOUBLED_MAX = 6;

    public RestartPolicy {
        if (tries < 1 || windowMs < 1 || backOffMs < 0) {
            throw new IllegalArgumentException("a restart policy needs tries and a window of at least 1 but has "
                    + tries + " and " + windowMs + " ms");
        }
    }

    /** How long to wait before the next restart after so many. */
    long pauseMs(int restarts) {
        return restarts == 0 ? 0 : backOffMs << Math.min(restarts - 1, DOUBLED_MAX);
    }
}

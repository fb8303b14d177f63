package io.vmha.recovery.core;

import java.util.List;

/** Nova's records of the compute services, as far as a returning host needs them. Calls are as those of {@link Compute}. */
public interface ServiceRecords {
    /** All nova-compute services. */
    List<ComputeService> computeServices();

    /**
     * Takes back {@link Compute#forceDown}. Nova refuses while evacuations from the host are not completed, which they become when its
     * nova-compute starts.
     */
    void forceUp(HostName host);

    /** Lets Nova schedule to the host again. */
    void enable(HostName host);
}

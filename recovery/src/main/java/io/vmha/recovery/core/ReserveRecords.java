package io.vmha.recovery.core;

import java.util.List;

/** Nova's records, as far as reserved hosts need them. Calls are as those of {@link Compute}. */
public interface ReserveRecords {
    /** All aggregates. */
    List<Aggregate> aggregates();

    /** All nova-compute services. */
    List<ComputeService> computeServices();

    /** All servers, of all projects, that Nova has on this host. */
    List<Server> serversOn(HostName host);

    /** Lets Nova schedule to the host. */
    void enable(HostName host);

    /** Nova schedules to this living host no more; its servers run on. Refused if its nova-compute is down: Nova would block for 60 s. */
    void disableLiving(HostName host, String reason);

    /** Adds the host to an aggregate that it is not in. */
    void join(long aggregateId, HostName host);

    /** Removes the host from an aggregate that it is in. */
    void leave(long aggregateId, HostName host);
}

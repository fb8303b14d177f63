package io.vmha.recovery.core;

import java.util.List;
import java.util.Optional;

/**
 * Nova, as far as recovery needs it. Every call blocks, has a time limit of its own, and is made on an action thread only. Every
 * call throws {@link ComputeException}. Calls that change something read first and do nothing if the effect is there already.
 */
public interface Compute {
    /** All aggregates. An answer other than 200 is an exception, never an empty list. */
    List<Aggregate> aggregates();

    /** All nova-compute services. */
    List<ComputeService> computeServices();

    /** All servers, of all projects, that Nova has on this host. */
    List<Server> serversOn(HostName host);

    /** One server; empty if Nova does not know it (deleted). */
    Optional<Server> server(ServerId id);

    /** All migrations of type evacuation whose source is this host, newest last. */
    List<Migration> evacuationsFrom(HostName host);

    /**
     * How far Nova has come with the newest evacuation of this server, by its own record. Where its conductor could not reach another service, or
     * nova-api died before it had told the conductor, the migration stays {@code accepted} for ever, though nobody works on it.
     */
    Handling handlingOf(ServerId server);

    /**
     * Tells Nova that the host is down, so that it accepts evacuations at once, and disables its compute service, so that nothing is scheduled to
     * it when it returns. Both in one request: a force-down of ours that Nova carries out late is known by its reason. One that somebody has
     * disabled already keeps the reason that it has.
     *
     * @return Nova's record of it afterwards
     */
    ComputeService holdDown(HostName host, String reason);

    /** Asks Nova once to rebuild the server on a host of the scheduler's choice. */
    default void evacuate(ServerId server) {
        evacuate(server, Optional.empty());
    }

    /**
     * Asks Nova once to rebuild the server elsewhere, with its power state kept (microversion 2.14 to 2.94).
     * Not idempotent: a second call while the first runs breaks the server (measured on Zed). Never retried inside.
     *
     * @param target the host, which the scheduler checks; empty to let it choose
     */
    void evacuate(ServerId server, Optional<HostName> target);

    /** The same servers, with the properties and tags of their images among their traits. */
    List<Server> withImages(List<Server> servers);

    /** Locks the server against its owner, with a reason where Nova takes one (2.73), in place of the one that it may have. */
    void lock(ServerId server, String reason);

    /** Takes away the lock with this reason; any other lock stays. Where Nova knows no reasons (before 2.73), whatever lock there is. */
    void unlock(ServerId server, String reason);

    /** Resets the server's record to {@code error} with no task, whatever its guest does. */
    void resetState(ServerId server);

    /** Asks Nova to bring a running server to rest. Returns before it has: its vm_state tells. */
    void rest(ServerId server, Rest how);

    /** Sets one metadata key of an aggregate, or removes it when the value is empty. */
    void setAggregateMetadata(long aggregateId, String key, Optional<String> value);
}

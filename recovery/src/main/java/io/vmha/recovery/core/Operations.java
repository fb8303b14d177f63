package io.vmha.recovery.core;

import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * Nova, as far as VMs on living hosts go. Calls are as those of {@link Compute}: blocking, with time limits of their own, throwing
 * {@link ComputeException}.
 */
public interface Operations extends ServiceRecords {
    /** One server; empty if Nova does not know it (deleted). */
    Optional<Server> server(ServerId id);

    /** The same servers, with the properties and tags of their images among their traits. */
    List<Server> withImages(List<Server> servers);

    /** All servers, of all projects, that Nova has on this host. */
    List<Server> serversOn(HostName host);

    /**
     * Asks Nova to start the server's guest anew on the host where it is, whatever is left of the old one (a hard reboot). Returns before it
     * has.
     */
    void restart(ServerId server);

    /** Asks Nova to move a running server to a host of the scheduler's choice. Returns before it has. */
    void migrateLive(ServerId server);

    /** Asks Nova to move a server to a host of the scheduler's choice, stopping it for that. Returns before it has. */
    void migrateCold(ServerId server);

    /** Ends a cold migration for good: what is left on the old host is removed. */
    void confirmMigration(ServerId server);

    /** Nova schedules to this living host no more; its servers run on. Refused if its nova-compute is down: Nova would block for 60 s. */
    void disableLiving(HostName host, String reason);

    /** All migrations of type evacuation whose source is this host, newest last. */
    List<Migration> evacuationsFrom(HostName host);

    /** Resets the server's record to {@code active} with no task, whatever its guest does. */
    void callActive(ServerId server);

    /** Asks Nova to bring a server that it calls active to rest. Returns before it has. */
    void rest(ServerId server, Rest how);

    /** Memory that Nova could still give to servers, by host, in MiB; empty if this Nova does not tell. */
    Optional<SortedMap<HostName, Long>> freeMemoryMb();
}

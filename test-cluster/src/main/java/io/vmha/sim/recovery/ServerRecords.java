package io.vmha.sim.recovery;

import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Server;
import io.vmha.recovery.core.Traits;
import java.util.Optional;

/** Nova's records of servers with something changed. */
final class ServerRecords {
    private ServerRecords() {}

    static Server with(Server s, HostName host, String vmState, Optional<String> taskState) {
        return new Server(
                s.id(),
                s.name(),
                host,
                s.status(),
                vmState,
                taskState,
                s.locked(),
                s.volumeBacked(),
                s.metadata(),
                s.traits());
    }

    static Server with(Server s, boolean locked, Optional<String> reason) {
        Traits t = s.traits();
        return new Server(
                s.id(),
                s.name(),
                s.host(),
                s.status(),
                s.vmState(),
                s.taskState(),
                locked,
                s.volumeBacked(),
                s.metadata(),
                new Traits(
                        t.project(),
                        t.image(),
                        t.imageProperties(),
                        t.imageTags(),
                        t.flavorSpecs(),
                        t.vcpus(),
                        t.memoryMb(),
                        reason,
                        t.addresses(),
                        Optional.empty()));
    }
}

package io.vmha.testcluster.faults.lab;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Holds the compute service of a host that has booted until its daemon opens the gate, as {@code ExecStartPre=vmha gate} holds nova-compute:
 * a host that is being recovered, or waits in quarantine, starts no guest. An operator may start the service before.
 */
final class BootGate implements AutoCloseable {
    private static final long LOOK_MS = 200;

    private final Function<LabHost, Path> file;
    private final Consumer<LabHost> opened;
    private final Set<LabHost> waiting = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean ended = new AtomicBoolean();

    /**
     * @param file where the gate's file of a host's daemon is
     * @param opened hears once of each host that waited
     */
    BootGate(Function<LabHost, Path> file, Consumer<LabHost> opened) {
        this.file = file;
        this.opened = opened;
        GuestBus.daemon(this::watch, "gates").start();
    }

    void hold(LabHost host) {
        waiting.add(host);
    }

    /** Nobody waits for this host's gate any more: it is off again, or somebody has started the service by hand. */
    void forget(LabHost host) {
        waiting.remove(host);
    }

    private void watch() {
        while (!ended.get()) {
            for (LabHost host : List.copyOf(waiting)) {
                if (isOpen(host) && waiting.remove(host)) {
                    opened.accept(host);
                }
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(LOOK_MS));
        }
    }

    private boolean isOpen(LabHost host) {
        try {
            return Files.readString(file.apply(host), StandardCharsets.UTF_8)
                    .lines()
                    .anyMatch("open=1"::equals);
        } catch (IOException e) {
            return false; // there is no daemon, or it has not said anything yet
        }
    }

    @Override
    public void close() {
        ended.set(true);
    }
}

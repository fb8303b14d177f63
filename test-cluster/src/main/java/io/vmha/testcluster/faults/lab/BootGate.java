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
 * a host that is being recovered, or waits in quarantine, starts no guest. An operator may start the service before. A daemon whose host comes
 * back asks for a restart of the service by a file, as the package's unit takes it.
 */
final class BootGate implements AutoCloseable {
    private static final long LOOK_MS = 200;
    private static final String REQUEST = "restart-nova-compute";

    private final Function<LabHost, Path> file;
    private final Consumer<LabHost> opened;
    private final Consumer<LabHost> asked;
    private final Set<LabHost> served = ConcurrentHashMap.newKeySet();
    private final Set<LabHost> waiting = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean ended = new AtomicBoolean();

    /**
     * @param file where the gate's file of a host's daemon is
     * @param opened hears once of each host that waited
     * @param asked hears of each host whose daemon wants its compute service restarted
     */
    BootGate(Function<LabHost, Path> file, Consumer<LabHost> opened, Consumer<LabHost> asked) {
        this.file = file;
        this.opened = opened;
        this.asked = asked;
        GuestBus.daemon(this::watch, "gates").start();
    }

    /** From now on this host's daemon may ask for restarts. */
    void serve(LabHost host) {
        served.add(host);
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
            for (LabHost host : served) {
                if (isAsked(host)) {
                    asked.accept(host);
                }
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(LOOK_MS));
        }
    }

    private boolean isAsked(LabHost host) {
        try {
            return Files.deleteIfExists(file.apply(host).resolveSibling(REQUEST));
        } catch (IOException e) {
            return false; // its daemon has just died
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

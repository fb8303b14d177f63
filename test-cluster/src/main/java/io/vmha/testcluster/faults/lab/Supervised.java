package io.vmha.testcluster.faults.lab;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;

/** A program of a host that is started again whenever it ends, as a service manager does, until it is told to rest. */
final class Supervised {
    private static final long AGAIN_MS = 1_000;

    private final List<String> command;
    private final Path log;
    private final IntConsumer ended;
    private boolean wanted;
    private Optional<Process> process = Optional.empty();

    /** @param ended hears of each end that was not asked for, by its exit status, before the next start */
    Supervised(List<String> command, Path log, IntConsumer ended) {
        this.command = List.copyOf(command);
        this.log = log;
        this.ended = ended;
    }

    synchronized void start() {
        wanted = true;
        try {
            Process started = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                    .start();
            started.getOutputStream().close();
            process = Optional.of(started);
            GuestBus.daemon(() -> watch(started), "supervisor").start();
        } catch (IOException e) {
            throw new LabException(command + " cannot be started: " + e.getMessage(), e);
        }
    }

    private void watch(Process gone) {
        try {
            gone.waitFor();
        } catch (InterruptedException e) {
            return; // the run ends
        }
        if (!isWanted(gone)) {
            return;
        }
        ended.accept(gone.exitValue());
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(AGAIN_MS));
        synchronized (this) {
            if (isWanted(gone)) {
                start();
            }
        }
    }

    private synchronized boolean isWanted(Process gone) {
        return wanted && process.filter(gone::equals).isPresent();
    }

    /** It ends with its host, and is not started again. */
    synchronized void rest() {
        wanted = false;
    }

    synchronized boolean isAlive() {
        return process.map(Process::isAlive).orElse(false);
    }
}

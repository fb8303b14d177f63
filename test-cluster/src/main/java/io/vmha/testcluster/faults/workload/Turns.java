package io.vmha.testcluster.faults.workload;

import io.vmha.testcluster.faults.lab.LabException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** A thread that does the same thing again and again, with a pause between, until it is closed. */
final class Turns implements Workload.Running {
    private static final long END_LIMIT_MS = 15_000;

    private final AtomicBoolean ended = new AtomicBoolean();
    private final Thread thread;

    Turns(String name, long pauseMs, Runnable turn) {
        thread = new Thread(() -> work(pauseMs, turn), name);
        thread.setDaemon(true);
        thread.start();
    }

    private void work(long pauseMs, Runnable turn) {
        while (!ended.get()) {
            try {
                turn.run();
            } catch (LabException e) {
                // the cloud or a daemon did not answer this time: that is what the run is about
            }
            java.util.concurrent.locks.LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(pauseMs));
        }
    }

    @Override
    public void close() {
        ended.set(true);
        try {
            thread.join(END_LIMIT_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

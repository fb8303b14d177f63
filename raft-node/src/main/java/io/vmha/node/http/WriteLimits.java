package io.vmha.node.http;

import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Ends the writing of an answer that its reader does not take. The HTTP server's own limit counts from the request and so must be longer
 * than the longest blocking query; without this one a handful of clients that do not read would hold all workers for as long.
 */
final class WriteLimits implements AutoCloseable {
    private static final long LIMIT_MS = 60_000;

    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, task -> {
        var thread = new Thread(task, "http-limits");
        thread.setDaemon(true);
        return thread;
    });

    WriteLimits() {
        timer.setRemoveOnCancelPolicy(true);
        timer.setKeepAliveTime(30, TimeUnit.SECONDS);
        timer.allowCoreThreadTimeOut(true);
    }

    /** One answer being written by the thread that began it; interrupted, its socket is closed under it. */
    final class Limit {
        private final Thread writer = Thread.currentThread();
        private final Future<?> alarm = timer.schedule(this::interrupt, LIMIT_MS, TimeUnit.MILLISECONDS);
        private boolean over;

        private synchronized void interrupt() {
            if (!over) {
                writer.interrupt();
            }
        }

        void end() {
            alarm.cancel(false);
            boolean interrupted;
            synchronized (this) {
                over = true;
                interrupted = Thread.interrupted(); // the alarm was for this answer, not for the next one
            }
            if (interrupted && timer.isShutdown()) {
                writer.interrupt();
            }
        }
    }

    Limit begin() {
        return new Limit();
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}

package io.vmha.node.raft;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.ratis.thirdparty.io.grpc.internal.GrpcUtil;
import org.apache.ratis.thirdparty.io.grpc.internal.SharedResourceHolder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads on which calls from peers are worked on. gRPC's own have no bound: a server that was stopped, starved or just started
 * finds the calls of the time in which it was silent waiting, and would make a thread for each at the same moment (167 were seen).
 * Idle ones end, so there is nothing to close.
 */
final class CallThreads implements Executor {
    /** Ratis' handlers keep a thread only while they write metadata or wait for a lock, never for another call. */
    static final int THREADS_MAX = 16;

    private static final Logger LOG = LoggerFactory.getLogger(CallThreads.class);
    private static final int WAITING_MAX = 1024;
    private static final int IDLE_S = 30;

    private final ThreadPoolExecutor threads;

    CallThreads(String nodeName) {
        var number = new AtomicInteger();
        // with no room left the event loop does the work itself, and reads no more from its sockets meanwhile
        threads = new ThreadPoolExecutor(
                THREADS_MAX,
                THREADS_MAX,
                IDLE_S,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(WAITING_MAX),
                task -> {
                    var thread = new Thread(task, "raft-served-" + nodeName + "-" + number.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                },
                new ThreadPoolExecutor.CallerRunsPolicy());
        threads.allowCoreThreadTimeOut(true);
    }

    /**
     * The pool that Ratis' connections to its peers use, and that no setting of Ratis reaches, gets a bound as well. Streams to a voter
     * that swallows packets pile up until the connection is given up, and would all fail at once, each on a thread of its own.
     */
    static void boundShared() {
        Executor shared =
                SharedResourceHolder.get(GrpcUtil.SHARED_CHANNEL_EXECUTOR); // kept for good: it must not be made anew
        if (shared instanceof ThreadPoolExecutor pool) {
            pool.setMaximumPoolSize(THREADS_MAX);
            pool.setKeepAliveTime(IDLE_S, TimeUnit.SECONDS);
            pool.setRejectedExecutionHandler(new ThreadPoolExecutor.CallerRunsPolicy());
        } else {
            LOG.warn(
                    "gRPC's shared threads cannot be bounded found={}",
                    shared.getClass().getName());
        }
    }

    @Override
    public void execute(Runnable task) {
        threads.execute(task);
    }
}

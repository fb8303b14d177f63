package io.vmha.node.raft;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.ratis.thirdparty.io.grpc.internal.GrpcUtil;
import org.apache.ratis.thirdparty.io.grpc.internal.SharedResourceHolder;
import org.junit.jupiter.api.Test;

/** However many calls wait at once, there is a bound to the threads that work on them, and each is worked on. */
class CallThreadsTest {
    @Test
    void aBurstOfCallsIsWorkedOnByABoundedNumberOfThreads() throws Exception {
        int calls = 600;
        var threads = new CallThreads("hv-1");
        var running = new AtomicInteger();
        var most = new AtomicInteger();
        var release = new CountDownLatch(1);
        var done = new CountDownLatch(calls);

        for (int i = 0; i < calls; i++) {
            threads.execute(() -> {
                most.accumulateAndGet(running.incrementAndGet(), Math::max);
                awaitQuietly(release);
                running.decrementAndGet();
                done.countDown();
            });
        }
        release.countDown();
        done.await();

        assertThat(most.get()).isBetween(1, CallThreads.THREADS_MAX);
    }

    @Test
    void thePoolOfGrpcHasABoundAndRefusesNothing() throws Exception {
        CallThreads.boundShared();
        CallThreads.boundShared();
        Executor shared = SharedResourceHolder.get(GrpcUtil.SHARED_CHANNEL_EXECUTOR);
        var release = new CountDownLatch(1);
        var done = new CountDownLatch(CallThreads.THREADS_MAX);
        for (int i = 0; i < CallThreads.THREADS_MAX; i++) {
            shared.execute(() -> {
                awaitQuietly(release);
                done.countDown();
            });
        }
        var onWhich = new AtomicReference<Thread>();

        shared.execute(() -> onWhich.set(Thread.currentThread()));

        assertThat(onWhich.get()).isSameAs(Thread.currentThread());
        release.countDown();
        done.await();
        SharedResourceHolder.release(GrpcUtil.SHARED_CHANNEL_EXECUTOR, shared);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

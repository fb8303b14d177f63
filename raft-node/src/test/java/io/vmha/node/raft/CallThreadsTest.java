package io.vmha.node.raft;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
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

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

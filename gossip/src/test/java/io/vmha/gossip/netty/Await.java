package io.vmha.gossip.netty;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** Waits for something in the real world to become true, and says what it saw when it does not. */
final class Await {
    private static final long STEP_MS = 50;

    private Await() {}

    /** Returns the milliseconds it took until {@code seen} contained the wanted text. */
    static long until(String what, Duration atMost, Supplier<String> seen, Predicate<String> wanted) {
        long start = System.nanoTime();
        String last = seen.get();
        while (!wanted.test(last)) {
            if (System.nanoTime() - start > atMost.toNanos()) {
                throw new AssertionError(what + " did not happen within " + atMost + "; seen last:\n" + last);
            }
            pause();
            last = seen.get();
        }
        long tookMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        System.out.println("after " + tookMs + " ms: " + what);
        return tookMs;
    }

    private static void pause() {
        try {
            if (new CountDownLatch(1).await(STEP_MS, TimeUnit.MILLISECONDS)) {
                throw new AssertionError("nobody counts this latch down");
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while waiting", interrupted);
        }
    }
}

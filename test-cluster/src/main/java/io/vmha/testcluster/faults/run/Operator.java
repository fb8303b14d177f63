package io.vmha.testcluster.faults.run;

import io.vmha.testcluster.faults.lab.LabException;
import io.vmha.testcluster.faults.lab.LabHost;
import io.vmha.testcluster.faults.lab.Shell;
import io.vmha.testcluster.faults.lab.TestBed;
import io.vmha.testcluster.faults.run.Healing.Condition;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/** Somebody who takes care, all the time while faults go on, of the hosts that no fault has just now: eyes that look, and hands that act. */
final class Operator implements AutoCloseable {
    private static final long LOOK_MS = 400;
    private static final long END_LIMIT_MS = 60_000; // one call to a daemon that is silent may take so long

    private final TestBed bed;
    private final Healing healing;
    private final Supplier<Set<LabHost>> leftAlone;
    private final Object hands;
    private final AtomicBoolean ended = new AtomicBoolean();
    private final List<Thread> threads;
    private volatile Condition condition;

    /** @param hands held by whoever begins a fault, and by the operator while it switches hosts on */
    Operator(TestBed bed, Object hands, Supplier<Set<LabHost>> leftAlone) {
        this.bed = bed;
        this.healing = new Healing(bed, words -> {});
        this.hands = hands;
        this.leftAlone = leftAlone;
        this.condition = Condition.unknown(bed);
        this.threads = List.of(
                new Thread(() -> again(this::look), "operator-eyes"),
                new Thread(() -> again(this::act), "operator-hands"));
        threads.forEach(thread -> {
            thread.setDaemon(true);
            thread.start();
        });
    }

    private void again(Runnable turn) {
        while (!ended.get()) {
            try {
                turn.run();
            } catch (LabException e) {
                // the cloud or a daemon did not answer this time: nothing is known to be well
                condition = Condition.unknown(bed);
            }
            Shell.pause(LOOK_MS);
        }
    }

    private void look() {
        condition = healing.look();
    }

    private void act() {
        Condition seen = condition;
        Set<LabHost> busy;
        synchronized (hands) {
            busy = leftAlone.get();
            healing.revive(seen.view(), busy);
        }
        healing.attend(seen);
    }

    /** As it was at the last look. */
    Condition condition() {
        return condition;
    }

    @Override
    public void close() {
        ended.set(true);
        try {
            for (Thread thread : threads) {
                thread.join(END_LIMIT_MS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

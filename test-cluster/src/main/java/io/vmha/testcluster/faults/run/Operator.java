package io.vmha.testcluster.faults.run;

import io.vmha.testcluster.faults.lab.LabException;
import io.vmha.testcluster.faults.lab.LabHost;
import io.vmha.testcluster.faults.lab.Shell;
import io.vmha.testcluster.faults.lab.TestBed;
import io.vmha.testcluster.faults.run.Healing.Condition;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/** Somebody who takes care, all the time while faults go on, of the hosts that no fault has just now. */
final class Operator implements AutoCloseable {
    private static final long LOOK_MS = 500;
    private static final long END_LIMIT_MS = 30_000;

    private final TestBed bed;
    private final Healing healing;
    private final Supplier<Set<LabHost>> leftAlone;
    private final Object hands;
    private final AtomicBoolean ended = new AtomicBoolean();
    private final Thread thread = new Thread(this::work, "operator");
    private volatile Condition condition;

    /** @param hands held by whoever begins a fault, and by the operator while it switches hosts on */
    Operator(TestBed bed, Object hands, Supplier<Set<LabHost>> leftAlone) {
        this.bed = bed;
        this.healing = new Healing(bed, words -> {});
        this.hands = hands;
        this.leftAlone = leftAlone;
        this.condition = new Condition(false, Set.copyOf(bed.hosts()));
        thread.setDaemon(true);
        thread.start();
    }

    private void work() {
        while (!ended.get()) {
            try {
                condition = healing.attend(hands, leftAlone);
            } catch (LabException e) {
                // the cloud or a daemon did not answer: nothing is known to be well
                condition = new Condition(false, Set.copyOf(bed.hosts()));
            }
            Shell.pause(LOOK_MS);
        }
    }

    /** As it was at the last look. */
    Condition condition() {
        return condition;
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

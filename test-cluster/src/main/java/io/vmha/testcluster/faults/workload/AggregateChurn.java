package io.vmha.testcluster.faults.workload;

import io.vmha.testcluster.faults.history.Kinds;
import io.vmha.testcluster.faults.lab.LabHost;
import io.vmha.testcluster.faults.lab.TestBed;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;

/** One host at a time leaves the aggregate and comes back to it. */
final class AggregateChurn implements Workload {
    private static final long PAUSE_MS = 7_000;

    @Override
    public String name() {
        return "aggregate";
    }

    @Override
    public String about() {
        return "hosts leave the aggregate and come back";
    }

    @Override
    public Running start(TestBed bed, Random dice) {
        var outside = new AtomicReference<Optional<LabHost>>(Optional.empty());
        Turns turns = new Turns("aggregate-churn", PAUSE_MS, () -> turn(bed, dice, outside));
        return () -> {
            turns.close();
            outside.get().ifPresent(host -> change(bed, "add_host", host));
        };
    }

    private static void turn(TestBed bed, Random dice, AtomicReference<Optional<LabHost>> outside) {
        if (outside.get().isPresent()) {
            change(bed, "add_host", outside.get().get());
            outside.set(Optional.empty());
        } else {
            LabHost host = bed.hosts().get(dice.nextInt(bed.hosts().size()));
            change(bed, "remove_host", host);
            outside.set(Optional.of(host));
        }
    }

    private static void change(TestBed bed, String action, LabHost host) {
        int status = bed.admin().aggregate(action, host.name());
        bed.history()
                .record(
                        Kinds.OPERATOR,
                        event -> event.put("what", action)
                                .put("host", host.name())
                                .put("ok", status == 200));
    }
}

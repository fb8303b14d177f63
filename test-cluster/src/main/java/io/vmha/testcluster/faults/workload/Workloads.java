package io.vmha.testcluster.faults.workload;

import java.util.List;
import java.util.Optional;

/** All workloads that there are. */
public final class Workloads {
    private static final List<Workload> ALL = List.of(
            new StoreWorkload(StoreWorkload.Kind.REGISTER),
            new StoreWorkload(StoreWorkload.Kind.APPEND),
            new StoreWorkload(StoreWorkload.Kind.LOCK),
            new VmChurn(),
            new AggregateChurn(),
            new OperatorActions());

    private Workloads() {}

    public static List<Workload> all() {
        return ALL;
    }

    /** The workload of this name. */
    public static Optional<Workload> named(String name) {
        return ALL.stream().filter(workload -> workload.name().equals(name)).findFirst();
    }
}

package io.vmha.testcluster.faults.nemesis;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** All nemeses that there are. */
public final class Nemeses {
    private static final List<Nemesis> ALL = collect();

    private Nemeses() {}

    private static List<Nemesis> collect() {
        var all = new ArrayList<Nemesis>();
        all.addAll(ProcessFaults.all());
        all.addAll(PowerFaults.all());
        all.addAll(NetworkFaults.partitions());
        all.addAll(NetworkFaults.cuts());
        all.addAll(QualityFaults.all());
        all.addAll(ClockFaults.all());
        all.addAll(DiskFaults.all());
        all.addAll(ResourceFaults.all());
        all.addAll(CloudFaults.all());
        all.addAll(BmcFaults.all());
        all.addAll(PlanFaults.all());
        all.addAll(PoolFaults.all());
        return List.copyOf(all);
    }

    public static List<Nemesis> all() {
        return ALL;
    }

    /** The nemesis of this name. */
    public static Optional<Nemesis> named(String name) {
        return ALL.stream().filter(nemesis -> nemesis.name().equals(name)).findFirst();
    }
}

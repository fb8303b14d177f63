package io.vmha.testcluster.faults.nemesis;

import io.vmha.testcluster.faults.lab.Cgroups;
import io.vmha.testcluster.faults.lab.LabHost;
import io.vmha.testcluster.faults.lab.TestBed;
import java.util.List;

/** A daemon without enough processor or memory. */
final class ResourceFaults {
    private ResourceFaults() {}

    static List<Nemesis> all() {
        return List.of(
                new Nemesis(
                        "starve-cpu",
                        Family.RESOURCES,
                        "a daemon gets 3 to 10 % of one processor",
                        5_000,
                        20_000,
                        ResourceFaults::starve),
                new Nemesis(
                        "squeeze-memory",
                        Family.RESOURCES,
                        "a daemon has to start with a third of the memory that it needs: the kernel kills it",
                        6_000,
                        12_000,
                        ResourceFaults::squeeze),
                new Nemesis(
                        "dns-gone",
                        Family.NAMES,
                        "the name server answers nobody",
                        10_000,
                        40_000,
                        ResourceFaults::noNames));
    }

    private static Fault starve(Stage stage) {
        List<LabHost> targets = stage.hosts(1);
        TestBed bed = stage.bed();
        LabHost host = targets.get(0);
        int percent = stage.between(3, 10);
        Cgroups.Group group = Cgroups.cpu(stage.fresh("cpu"), percent);
        group.take(bed.daemon(host).pid());
        return new Fault(percent + " % of a processor", targets)
                .silencing(targets)
                .shownBy(group::throttled)
                .healedBy(group::release);
    }

    /** Kernels of today charge a group only for what is new, so the daemon is started again to meet the limit while it grows. */
    private static Fault squeeze(Stage stage) {
        List<LabHost> targets = stage.hosts(1);
        TestBed bed = stage.bed();
        LabHost host = targets.get(0);
        Cgroups.Group group = Cgroups.memory(stage.fresh("memory"), 32);
        bed.killDaemon(host);
        bed.startDaemon(host);
        group.take(bed.daemon(host).pid());
        return new Fault("started again with 32 MiB of memory", targets)
                .silencing(targets)
                .shownBy(() -> group.refused()
                        .map(times -> times + (bed.daemon(host).isAlive() ? "" : ", and the kernel has killed it")))
                .healedBy(() -> {
                    group.release();
                    bed.killDaemon(host);
                    bed.startDaemon(host);
                });
    }

    private static Fault noNames(Stage stage) {
        TestBed bed = stage.bed();
        long before = bed.namesUnanswered();
        bed.nameServerGone(true);
        return new Fault("no name is resolved any more", List.of())
                .shownBy(() -> {
                    ProcessFaults.ask(bed, bed.hosts().get(0), "timeout", "3", "getent", "hosts", "probe.lab");
                    long unanswered = bed.namesUnanswered() - before;
                    return ProcessFaults.proof(unanswered > 0, unanswered + " questions unanswered");
                })
                .healedBy(() -> bed.nameServerGone(false));
    }
}

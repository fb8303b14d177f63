package io.vmha.testcluster.faults.nemesis;

import io.vmha.testcluster.faults.lab.LabHost;
import io.vmha.testcluster.faults.lab.SerfMember;
import io.vmha.testcluster.faults.lab.Shell;
import io.vmha.testcluster.faults.lab.TestBed;
import java.util.List;

/** What happens to the pool and to the build of its members. */
final class PoolFaults {
    private PoolFaults() {}

    static List<Nemesis> all() {
        return List.of(
                new Nemesis(
                        "kill-serf",
                        Family.POOL,
                        "the stock serf in the pool is killed and comes back",
                        2_000,
                        10_000,
                        PoolFaults::serf),
                new Nemesis(
                        "upgrade",
                        Family.POOL,
                        "every daemon in turn ends and starts as the newer build",
                        1_000,
                        3_000,
                        PoolFaults::upgrade));
    }

    private static Fault serf(Stage stage) {
        SerfMember member = stage.bed()
                .serf()
                .orElseThrow(() -> new IllegalStateException(
                        "there is no stock serf on this test bed; ask for one with --nemesis kill-serf"));
        member.kill();
        return new Fault("kill -9 of the serf agent", List.of())
                .shownBy(() -> ProcessFaults.proof(!member.isAlive(), "the agent is gone"))
                .healedBy(member::restart);
    }

    /** One after the other, each only when the one before is back in the pool: as a person would do it. */
    private static Fault upgrade(Stage stage) {
        TestBed bed = stage.bed();
        List<LabHost> all = bed.living();
        int alive = all.size();
        for (LabHost host : all) {
            bed.stopDaemon(host);
            bed.daemon(host).useBuild(bed.plan().classPath());
            bed.startDaemon(host);
            Shell.await(40_000, () -> bed.aliveInPool(host) >= alive);
        }
        String what = bed.plan().olderClassPath().isPresent()
                ? "from the older build to this one"
                : "of the same build, one by one";
        return new Fault("restart " + what, all)
                .silencing(all)
                .shownBy(() -> ProcessFaults.proof(
                        all.stream()
                                .allMatch(host -> bed.runsBuild(host, bed.plan().classPath())),
                        "every daemon's command line names the newer class path"));
    }
}

package io.vmha.testcluster.faults.run;

import io.vmha.testcluster.faults.nemesis.Family;
import io.vmha.testcluster.faults.nemesis.Nemesis;
import java.util.Set;

/** Which faults can go on at the same time. */
final class Company {
    /** At most one of these at a time: each may cost a host, and the majority must stay. */
    private static final Set<Family> COSTLY = Set.of(Family.POWER, Family.PARTITION, Family.BMC, Family.PLAN);
    /** They share one network, which is healed as a whole. */
    private static final Set<Family> NETWORK =
            Set.of(Family.PARTITION, Family.CUT, Family.QUALITY, Family.BMC, Family.PLAN);
    /** A daemon on which one of these is cannot be counted on for the majority. */
    private static final Set<Family> DISABLING = Set.of(
            Family.PROCESS,
            Family.DISK,
            Family.RESOURCES,
            Family.POWER,
            Family.PARTITION,
            Family.CUT,
            Family.QUALITY,
            Family.BMC,
            Family.PLAN);
    /** They concern everybody, and what they lead to is only told apart when nothing else is going on. */
    private static final Set<String> ALONE = Set.of(
            "restart-all-daemons",
            "power-off-all",
            "switch-reboot",
            "double-fault",
            "rack-loss",
            "partition-halves",
            "partition-ring",
            "partition-bridge",
            "upgrade",
            "target-dies",
            "kill-leader",
            "power-off-leader");
    /** A record that a voter has lost must be with it again before another voter may lose one. */
    private static final String LOSING = "disk-torn";

    private Company() {}

    static boolean isAlone(Nemesis nemesis) {
        return ALONE.contains(nemesis.name());
    }

    /** True for what may begin only when the group is whole: it may cost a host, or what a host has kept. */
    static boolean needsAll(Nemesis nemesis) {
        return COSTLY.contains(nemesis.family()) || nemesis.name().equals(LOSING);
    }

    static boolean isDisabling(Nemesis nemesis) {
        return DISABLING.contains(nemesis.family());
    }

    static boolean goesWith(Nemesis one, Nemesis other) {
        return !isAlone(one)
                && !isAlone(other)
                && one.family() != other.family()
                && !(COSTLY.contains(one.family()) && COSTLY.contains(other.family()))
                && !(isOf(Family.PLAN, Family.CLOUD, one, other) || isOf(Family.CLOUD, Family.PLAN, one, other))
                && !(NETWORK.contains(one.family()) && NETWORK.contains(other.family()));
    }

    /** The moments of a plan are calls to Nova, which come late or never while Nova is in trouble. */
    private static boolean isOf(Family first, Family second, Nemesis one, Nemesis other) {
        return one.family() == first && other.family() == second;
    }
}

package io.vmha.sim.recovery;

import io.vmha.recovery.core.FeatureLevel;
import io.vmha.recovery.core.Limits;
import io.vmha.recovery.core.Proofs;
import io.vmha.recovery.core.RecoveryConfig;
import io.vmha.sim.Dice;
import java.util.List;

/**
 * What kind of run: how many hosts and VMs, and which troubles.
 *
 * @param faultEveryMs a fault begins about this often until {@link #HEAL_AT_MS}; 0 for none
 * @param proposalTroublePercent proposals that are lost, answered late or committed late
 * @param deadHosts how many hosts may lose their power in one run
 * @param senderPauseMostMs how long a caller may stand still between its last check and sending an evacuate call; the protocol's bound is K,
 *     and only the guard process, which kills a caller that stands still for longer, enforces it
 * @param leadersOnly whether the faults are short falls of leaders, with a slow Nova all the time
 * @param trust what proves a host dead, and what happens to the voters
 */
public record Scenario(
        String name,
        int hosts,
        int voters,
        int vmsPerHost,
        long faultEveryMs,
        double proposalTroublePercent,
        int deadHosts,
        Limits limits,
        long senderPauseMostMs,
        boolean leadersOnly,
        Trust trust) {
    /**
     * What proves a host dead, and what happens beside the faults.
     *
     * @param level the feature level at which the group begins: below the newest, some of its hosts run older builds, which are upgraded on the way
     */
    public record Trust(Proofs proofs, Script script, int level) {
        static final Trust BMC = new Trust(Proofs.BMC, Script.NONE);
        static final Trust LEASE = new Trust(Proofs.LEASE, Script.NONE);

        Trust(Proofs proofs, Script script) {
            this(proofs, script, FeatureLevel.newest());
        }

        boolean isRising() {
            return level < FeatureLevel.newest();
        }
    }

    /** What happens beside the faults that come at random. */
    public enum Script {
        NONE,
        /** Voters are replaced, added, removed and wiped. */
        VOTERS_CHANGE,
        /** All daemons are restarted for an upgrade. */
        UPGRADE,
        /** A host is lost just when those leave the voters that have answered it last. */
        VOTERS_LEAVE,
        /** Somebody starts old copies of VMs by hand, on hosts that nobody takes back (S12). */
        STRAY_COPIES,
        /** Several hosts lose their power within a moment, fewer than the limits say: one incident. */
        RACK_IS_LOST,
        /** A switch fails: more hosts than the limits say are cut off, and come back. */
        SWITCH_FAILS,
        /** More hosts than the limits say lose their power; a person approves. */
        DISASTER,
        /** A host's network fails and comes back, again and again. */
        HOST_FLAPS,
        /** One host is cut off, and back before it may be certified by its lease. */
        CUT_HEALS,
        /** People drain hosts, work on them, rehearse their death, and restart daemons in turn. */
        UPKEEP,
        /** Two hosts are kept free for those that are lost. */
        RESERVES,
        /** A host dies that has rebuilds in its queue, and takes them up when it comes back. */
        LATE_REBUILDS,
        /** A target dies while it puts a VM to rest that it has taken up. */
        RESTS_ARE_LOST,
        /** A host dies at the moment at which a guest that migrates has left it, and is back later. */
        MOVES_ARE_CUT,
        /** Guests die by themselves, on hosts that live, die, come back or are drained. */
        GUESTS_DIE,
        /** Voters get no entries for up to a minute, though everybody can talk to them; mostly those whose host comes back. */
        REPLICAS_LAG
    }

    /** When all faults end. */
    public static final long HEAL_AT_MS = 420_000;

    /** How long a run lasts at least: ten virtual minutes. */
    public static final long RUN_MS = 600_000;

    /** By when everything must have come to its end. */
    public static final long SETTLED_BY_MS = 1_500_000;

    private static final RecoveryConfig CONFIG = RecoveryConfig.DEFAULT;

    /** Three hosts, faults about every ten seconds. */
    public static final Scenario STORM_3 =
            new Scenario("storm-3", 3, 3, 3, 9_000, 4, 1, Limits.DEFAULT, CONFIG.graceMs() - 1, false, Trust.BMC);

    public static final Scenario STORM_5 =
            new Scenario("storm-5", 5, 5, 3, 9_000, 4, 2, Limits.DEFAULT, CONFIG.graceMs() - 1, false, Trust.BMC);

    public static final Scenario STORM_9 =
            new Scenario("storm-9", 9, 5, 3, 9_000, 4, 4, new Limits(2, 49), CONFIG.graceMs() - 1, false, Trust.BMC);

    /** Nothing goes wrong but that hosts die. */
    public static final Scenario CALM_5 = new Scenario("calm-5", 5, 5, 4, 0, 0, 2, Limits.DEFAULT, 0, false, Trust.BMC);

    /** Callers that stand still for longer than the protocol allows: the guard kills them (S9). */
    public static final Scenario SLEEPING_CALLER =
            new Scenario("sleeping-caller", 5, 5, 12, 40_000, 4, 2, Limits.DEFAULT, 60_000, true, Trust.BMC);

    /** No BMC at all: a host that nobody hears is recovered when its lease has run out. */
    public static final Scenario LEASE_5 =
            new Scenario("lease-5", 5, 5, 3, 9_000, 4, 2, Limits.DEFAULT, CONFIG.graceMs() - 1, false, Trust.LEASE);

    /** Both proofs, hosts that do not vote, and voters that are replaced, added, removed and wiped. */
    public static final Scenario VOTERS_CHANGE = new Scenario(
            "voters-change",
            7,
            5,
            3,
            12_000,
            4,
            2,
            Limits.DEFAULT,
            CONFIG.graceMs() - 1,
            false,
            new Trust(Proofs.BOTH, Script.VOTERS_CHANGE));

    /** The voters that answered a host last leave, and those that stay have not heard it for long: their ages must begin anew (S4). */
    public static final Scenario VOTERS_LEAVE = new Scenario(
            "voters-leave", 7, 5, 3, 0, 0, 0, Limits.DEFAULT, 0, false, new Trust(Proofs.LEASE, Script.VOTERS_LEAVE));

    /** Nothing fails; every daemon is restarted, slowly, and all want it at once (S7). */
    public static final Scenario UPGRADE = new Scenario(
            "upgrade", 5, 3, 3, 0, 0, 0, Limits.DEFAULT, 0, false, new Trust(Proofs.LEASE, Script.UPGRADE));

    /** An old copy of a VM is started by hand on a host that was recovered and has power again (S12). */
    public static final Scenario STRAY_COPY =
            quiet("stray-copy", 5, 1, Limits.DEFAULT, new Trust(Proofs.BMC, Script.STRAY_COPIES));

    /** A rack of up to three hosts is lost: one incident. */
    public static final Scenario RACK_LOST =
            quiet("rack-lost", 9, 0, new Limits(3, 49), new Trust(Proofs.BMC, Script.RACK_IS_LOST));

    /** A switch fails, and more hosts are cut off than the limits let go: nothing is fenced, and all are put back. */
    public static final Scenario SWITCH_FAILED =
            quiet("switch-failed", 9, 0, new Limits(2, 30), new Trust(Proofs.BMC, Script.SWITCH_FAILS));

    /** More hosts die at once than the limits let go: nothing is done until a person approves, and then all comes back. */
    public static final Scenario DISASTER =
            quiet("disaster", 9, 0, new Limits(2, 30), new Trust(Proofs.BMC, Script.DISASTER));

    /** A host's network comes and goes: the third time it is given more patience. */
    public static final Scenario FLAPPING =
            quiet("flapping", 5, 0, Limits.DEFAULT, new Trust(Proofs.BMC, Script.HOST_FLAPS));

    /** A host without a BMC is cut off alone, for less time than a certificate takes: a pause, and nothing else. */
    public static final Scenario CUT_HEALED =
            quiet("cut-healed", 5, 0, Limits.DEFAULT, new Trust(Proofs.LEASE, Script.CUT_HEALS));

    /** Hosts that come back know from their own replicas what was a minute ago (S11). */
    public static final Scenario STALE_REPLICA = new Scenario(
            "stale-replica",
            5,
            5,
            3,
            20_000,
            4,
            4,
            Limits.DEFAULT,
            CONFIG.graceMs() - 1,
            false,
            new Trust(Proofs.BMC, Script.REPLICAS_LAG));

    /** Leaders fall one after the other while Nova is slow: what one has begun the next one must neither repeat nor forget. */
    public static final Scenario FALLING_LEADERS = new Scenario(
            "falling-leaders", 5, 5, 12, 7_000, 4, 2, Limits.DEFAULT, CONFIG.graceMs() - 1, true, Trust.BMC);

    /** Nothing fails: what people do to living hosts, one after the other. */
    public static final Scenario UPKEEP =
            quiet("upkeep", 5, 0, new Limits(2, 49), new Trust(Proofs.BMC, Script.UPKEEP));

    /** The same in the midst of faults. */
    public static final Scenario UPKEEP_STORM = new Scenario(
            "upkeep-storm",
            6,
            5,
            3,
            12_000,
            4,
            2,
            new Limits(2, 49),
            CONFIG.graceMs() - 1,
            false,
            new Trust(Proofs.BOTH, Script.UPKEEP));

    /** Five hosts and two that are kept free, with faults. */
    public static final Scenario RESERVES = new Scenario(
            "reserves",
            7,
            5,
            3,
            12_000,
            4,
            2,
            new Limits(2, 49),
            CONFIG.graceMs() - 1,
            false,
            new Trust(Proofs.BMC, Script.RESERVES));

    /** The target of an evacuation dies before it has begun, and is back later. */
    public static final Scenario LATE_REBUILDS =
            quiet("late-rebuilds", 7, 0, new Limits(3, 60), new Trust(Proofs.BMC, Script.LATE_REBUILDS));

    /** Many VMs that rest, and targets that die before they have put back to rest what they have taken up. */
    public static final Scenario LOST_RESTS =
            quiet("lost-rests", 7, 0, new Limits(3, 60), new Trust(Proofs.BMC, Script.RESTS_ARE_LOST));

    /** Drains, and hosts that die when a guest has just gone from them to another one. */
    public static final Scenario MOVES_CUT =
            quiet("moves-cut", 5, 0, new Limits(2, 49), new Trust(Proofs.BMC, Script.MOVES_ARE_CUT));

    /** Nothing dies but guests, by themselves: each is restarted where it was. */
    public static final Scenario GUESTS_DIE =
            quiet("guests-die", 5, 0, new Limits(2, 49), new Trust(Proofs.BMC, Script.GUESTS_DIE));

    /** The same in the midst of faults, of hosts that die and come back, and of drains. */
    public static final Scenario GUESTS_STORM = new Scenario(
            "guests-storm",
            6,
            5,
            3,
            12_000,
            4,
            2,
            new Limits(2, 49),
            CONFIG.graceMs() - 1,
            false,
            new Trust(Proofs.BOTH, Script.GUESTS_DIE));

    /** An upgrade from the first feature level in the midst of faults. */
    public static final Scenario RISING_LEVEL = new Scenario(
            "rising-level",
            6,
            5,
            3,
            12_000,
            4,
            2,
            new Limits(2, 49),
            CONFIG.graceMs() - 1,
            false,
            new Trust(Proofs.BOTH, Script.UPKEEP, FeatureLevel.FIRST));

    /** A group that cannot note yet what waits in a lost host's queue. */
    public static final Scenario OLD_LATE_REBUILDS = quiet(
            "old-late-rebuilds",
            7,
            0,
            new Limits(3, 60),
            new Trust(Proofs.BMC, Script.LATE_REBUILDS, FeatureLevel.FIRST));

    private static final List<Scenario> ALL = List.of(
            STORM_3,
            STORM_5,
            STORM_9,
            CALM_5,
            FALLING_LEADERS,
            SLEEPING_CALLER,
            LEASE_5,
            VOTERS_CHANGE,
            VOTERS_LEAVE,
            UPGRADE,
            STRAY_COPY,
            RACK_LOST,
            SWITCH_FAILED,
            DISASTER,
            FLAPPING,
            CUT_HEALED,
            UPKEEP,
            UPKEEP_STORM,
            RESERVES,
            LATE_REBUILDS,
            LOST_RESTS,
            MOVES_CUT,
            GUESTS_DIE,
            GUESTS_STORM,
            STALE_REPLICA,
            RISING_LEVEL,
            OLD_LATE_REBUILDS);

    /** All of them. */
    static List<Scenario> all() {
        return ALL;
    }

    /** Nothing fails but what the script says. */
    private static Scenario quiet(String name, int hosts, int deadHosts, Limits limits, Trust trust) {
        return new Scenario(name, hosts, 5, 4, 0, 0, deadHosts, limits, 0, false, trust);
    }

    /** The scenario of this name. */
    public static Scenario named(String name) {
        return ALL.stream()
                .filter(s -> s.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("sim.scenario is one of "
                        + ALL.stream().map(Scenario::name).toList() + " but is " + name));
    }

    long requestLimitMs() {
        return CONFIG.requestLimitMs();
    }

    /** How long a caller stands still before it sends: mostly not at all. */
    long senderPauseMs(Dice dice) {
        return senderPauseMostMs > 0 && dice.chance(10) ? dice.between(0, senderPauseMostMs) : 0;
    }
}

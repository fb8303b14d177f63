package io.vmha.sim.recovery;

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
 * @param gated whether a host that boots waits for a majority's answers before it starts nova-compute and VMs (S11)
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
        boolean gated,
        boolean leadersOnly,
        Trust trust) {
    /**
     * What proves a host dead, and what happens to those who state it.
     *
     * @param guarded whether the guard kills a caller whose leadership is not proven any more (S9)
     * @param votersChange whether voters are replaced, added, removed and wiped, and guards die
     * @param upgrades whether all daemons are restarted for an upgrade
     * @param votersLeave whether a host is lost just when those leave the voters that have answered it last
     */
    public record Trust(Proofs proofs, boolean guarded, boolean votersChange, boolean upgrades, boolean votersLeave) {
        static final Trust BMC = new Trust(Proofs.BMC, true, false, false, false);
        static final Trust LEASE = new Trust(Proofs.LEASE, true, false, false, false);
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
            new Scenario("storm-3", 3, 3, 3, 9_000, 4, 1, Limits.DEFAULT, CONFIG.graceMs() - 1, true, false, Trust.BMC);

    public static final Scenario STORM_5 =
            new Scenario("storm-5", 5, 5, 3, 9_000, 4, 2, Limits.DEFAULT, CONFIG.graceMs() - 1, true, false, Trust.BMC);

    public static final Scenario STORM_9 = new Scenario(
            "storm-9", 9, 5, 3, 9_000, 4, 4, new Limits(2, 49), CONFIG.graceMs() - 1, true, false, Trust.BMC);

    /** Nothing goes wrong but that hosts die. */
    public static final Scenario CALM_5 =
            new Scenario("calm-5", 5, 5, 4, 0, 0, 2, Limits.DEFAULT, 0, true, false, Trust.BMC);

    /** What the guard is for: without it, a caller that stands still for longer than the protocol allows calls all the same. */
    public static final Scenario UNGUARDED_CALLER = new Scenario(
            "unguarded-caller",
            5,
            5,
            12,
            40_000,
            4,
            2,
            Limits.DEFAULT,
            60_000,
            true,
            true,
            new Trust(Proofs.BMC, false, false, false, false));

    /** The same callers, with a guard that kills them. */
    public static final Scenario SLEEPING_CALLER =
            new Scenario("sleeping-caller", 5, 5, 12, 40_000, 4, 2, Limits.DEFAULT, 60_000, true, true, Trust.BMC);

    /** No BMC at all: a host that nobody hears is recovered when its lease has run out. */
    public static final Scenario LEASE_5 = new Scenario(
            "lease-5", 5, 5, 3, 9_000, 4, 2, Limits.DEFAULT, CONFIG.graceMs() - 1, true, false, Trust.LEASE);

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
            true,
            false,
            new Trust(Proofs.BOTH, true, true, false, false));

    /** The voters that answered a host last leave, and those that stay have not heard it for long: their ages must begin anew (S4). */
    public static final Scenario VOTERS_LEAVE = new Scenario(
            "voters-leave",
            7,
            5,
            3,
            0,
            0,
            0,
            Limits.DEFAULT,
            0,
            true,
            false,
            new Trust(Proofs.LEASE, true, false, false, true));

    /** Nothing fails; every daemon is restarted, slowly, and all want it at once (S7). */
    public static final Scenario UPGRADE = new Scenario(
            "upgrade",
            5,
            3,
            3,
            0,
            0,
            0,
            Limits.DEFAULT,
            0,
            true,
            false,
            new Trust(Proofs.LEASE, true, false, true, false));

    /** The gap that the gate of S11 will close: a host that is switched on again starts what waits for it, sealed or not. */
    public static final Scenario UNGATED_RETURN = new Scenario(
            "ungated-return", 5, 5, 6, 9_000, 4, 2, Limits.DEFAULT, CONFIG.graceMs() - 1, false, false, Trust.BMC);

    /** Leaders fall one after the other while Nova is slow: what one has begun the next one must neither repeat nor forget. */
    public static final Scenario FALLING_LEADERS = new Scenario(
            "falling-leaders", 5, 5, 12, 7_000, 4, 2, Limits.DEFAULT, CONFIG.graceMs() - 1, true, true, Trust.BMC);

    private static final List<Scenario> ALL = List.of(
            STORM_3,
            STORM_5,
            STORM_9,
            CALM_5,
            FALLING_LEADERS,
            UNGUARDED_CALLER,
            UNGATED_RETURN,
            SLEEPING_CALLER,
            LEASE_5,
            VOTERS_CHANGE,
            VOTERS_LEAVE,
            UPGRADE);

    /** Those in which every rule must hold. */
    static List<Scenario> all() {
        return ALL.stream()
                .filter(s -> !s.equals(UNGUARDED_CALLER) && !s.equals(UNGATED_RETURN))
                .toList();
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

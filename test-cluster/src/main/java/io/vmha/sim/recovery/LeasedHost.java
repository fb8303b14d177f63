package io.vmha.sim.recovery;

import io.vmha.recovery.core.Arming;
import io.vmha.recovery.core.Electorate;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.LeaseTiming;
import io.vmha.recovery.core.LeaseVoter;
import io.vmha.recovery.core.QuorumLease;
import io.vmha.sim.Dice;
import io.vmha.sim.Simulation;

/**
 * A host's clock, its lease as its agent knows it, the lease file on its RAM disk, and the guard that reads it (S5, S6). The lease itself is the
 * real one. The guard is modelled by the rule: at the lease's end it stops all VMs within K; it lets them run on when the lease is back in the
 * same life; it destroys them when this life is sealed.
 */
final class LeasedHost {
    private static final LeaseTiming TIMING = LeaseTiming.DEFAULT;
    private static final Arming ARMED = new Arming(true, "guard");
    private static final Arming UNARMED = new Arming(false, "the guard is dead");

    private final Simulation sim;
    private final Mutant mutant;
    private final Ledger ledger;
    private final HostName host;
    private final Dice dice;
    private final boolean relies;
    private final double rate;
    private QuorumLease lease = new QuorumLease(TIMING);
    private long fileEpoch;
    private long fileDeadlineMs;
    private long fileSealed;
    private boolean guardAlive = true;
    private long guardDiedAtMs = Long.MAX_VALUE;
    private boolean paused;
    private long pauses;
    private long grantedAtMs = Long.MIN_VALUE / 2;
    private Runnable watchdog = () -> {};

    LeasedHost(Simulation sim, Mutant mutant, Ledger ledger, HostName host, boolean relies) {
        this.sim = sim;
        this.mutant = mutant;
        this.ledger = ledger;
        this.host = host;
        this.relies = relies;
        this.dice = sim.dice("lease " + host);
        // two clocks drift apart by 1 % at most
        this.rate = 1 + dice.between(-49, 49) / 10_000.0;
    }

    /** What resets the machine when nobody feeds the watchdog any more. */
    void onWatchdog(Runnable reset) {
        watchdog = reset;
    }

    /** The host's boot clock. */
    long nowMs() {
        return (long) (sim.nowMs() * rate);
    }

    private long simAt(long hostMs) {
        return (long) Math.ceil(hostMs / rate);
    }

    long epoch() {
        return lease.epoch();
    }

    long fileEpoch() {
        return fileEpoch;
    }

    long pauses() {
        return pauses;
    }

    /** When the newest renewal was sent that a majority has answered, in this boot or an earlier one. */
    long grantedAtMs() {
        return grantedAtMs;
    }

    boolean guardAlive() {
        return guardAlive;
    }

    long guardDiedAtMs() {
        return guardDiedAtMs;
    }

    Arming claim() {
        return mutant.claim(relies && guardAlive ? ARMED : UNARMED);
    }

    /** True while the file that the guard reads lets VMs run. */
    boolean isHeld() {
        return nowMs() < fileDeadlineMs && fileSealed < fileEpoch;
    }

    /** True if a voter refuses the newest life that this host has heard of. */
    boolean isSealed() {
        return fileEpoch > 0 && fileSealed >= fileEpoch;
    }

    /** Whether a domain may be started or resumed now; a host that relies on no lease asks nobody. */
    boolean mayStart() {
        return !relies || isHeld();
    }

    /** True if VMs are written by this host longer than the rule allows. */
    boolean isOverdue() {
        return relies && fileDeadlineMs > 0 && nowMs() > fileDeadlineMs + TIMING.graceMs() && ledger.anyLive(host);
    }

    /** A voter's answer has come back. */
    void onAnswer(LeaseVoter.Reply reply, String voter, long sentAtMs, long renewed, Electorate told) {
        if (!reply.known()) {
            return;
        }
        lease.onEpoch(reply.epoch());
        if (reply.sealed()) {
            fileSealed = Math.max(fileSealed, renewed == 0 ? reply.epoch() : renewed);
        }
        if (reply.answered()) {
            lease.onAnswer(voter, mutant.countsFrom(sentAtMs, nowMs()), renewed, mutant.told(told, voter));
        }
        write();
    }

    private void write() {
        boolean longer = lease.deadlineMs() > fileDeadlineMs || lease.epoch() != fileEpoch;
        fileEpoch = lease.epoch();
        fileDeadlineMs = lease.deadlineMs();
        if (longer && fileDeadlineMs > 0) {
            grantedAtMs = simAt(fileDeadlineMs - TIMING.leaseMs());
        }
        if (!relies) {
            return;
        }
        if (fileSealed >= fileEpoch && fileEpoch > 0) {
            if (paused) {
                sim.tell(host + ": sealed, destroys " + ledger.destroyPaused(host));
                paused = false;
            } else {
                pauseBy(nowMs());
            }
        } else if (longer && fileDeadlineMs > 0) {
            pauseBy(fileDeadlineMs);
            resume();
        }
    }

    /** The guard looks at the deadline and stops what runs, mostly at once, at the latest K after it. */
    private void pauseBy(long deadlineMs) {
        long actsMs = deadlineMs + dice.mostly(5, TIMING.graceMs() - 50);
        sim.at(simAt(actsMs), "the guard looks", () -> {
            boolean over = nowMs() >= fileDeadlineMs || fileSealed >= fileEpoch;
            if (!over || !ledger.anyLive(host) || !mutant.guardPauses()) {
                return;
            }
            if (guardAlive) {
                sim.tell(host + ": the lease is over, the guard pauses " + ledger.pauseAll(host));
                paused = true;
                pauses++;
                if (fileSealed >= fileEpoch) {
                    write();
                }
            } else {
                watchdog.run();
            }
        });
    }

    /** Only the guard resumes, and reads the deadline before and after. */
    private void resume() {
        if (paused && isHeld() && guardAlive) {
            sim.after(dice.mostly(5, mutant.resumesAfterMostMs()), "the guard resumes", () -> {
                if (paused && (isHeld() || mutant.resumesBlindly())) {
                    paused = false;
                    sim.tell(host + ": the guard resumes " + ledger.resumeAll(host));
                    pauseBy(fileDeadlineMs);
                }
            });
        }
    }

    /** The guard is killed; the watchdog will reset the host when the lease ends meanwhile. */
    void killGuard(long forMs) {
        if (guardAlive) {
            sim.tell(host + ": the guard dies");
            guardAlive = false;
            guardDiedAtMs = sim.nowMs();
            sim.after(forMs, "the guard is started", () -> {
                guardAlive = true;
                guardDiedAtMs = Long.MAX_VALUE;
                if (relies && fileDeadlineMs > 0) {
                    pauseBy(Math.max(nowMs(), fileDeadlineMs));
                }
            });
        }
    }

    /** The agent begins: the file tells it what the host was promised in this boot. */
    void onAgentStart() {
        lease = new QuorumLease(TIMING);
        lease.resume(fileEpoch, fileDeadlineMs);
    }

    /** The RAM disk is gone. */
    void onPowerLost() {
        lease = new QuorumLease(TIMING);
        fileEpoch = 0;
        fileDeadlineMs = 0;
        fileSealed = 0;
        paused = false;
    }
}

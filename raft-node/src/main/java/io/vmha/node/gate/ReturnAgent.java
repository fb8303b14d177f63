package io.vmha.node.gate;

import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.ComputeException;
import io.vmha.recovery.core.ComputeService;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.HostRecord;
import io.vmha.recovery.core.Hypervisor;
import io.vmha.recovery.core.HypervisorException;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.ReturnCommand;
import io.vmha.recovery.core.Sweep;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings this host back after it was recovered from (S11): destroys every guest whose VM lives elsewhere, reports itself clean, and has
 * nova-compute restarted once the gate is open, at which Nova cleans up and completes its evacuations. The leader does the rest.
 *
 * <p>What this host knows of the group may be old: its replica may have got no entries for a minute, in which its next life has begun, or
 * ended. So a majority confirms the state before anything is destroyed or restarted by it.
 *
 * <p>Called again and again on one thread, and blocks there. Each call looks at what is committed and does what is missing.
 */
public final class ReturnAgent {
    private static final Logger LOG = LoggerFactory.getLogger(ReturnAgent.class);
    private static final int NAMED_MAX = 20;

    /**
     * How long Nova may hold this host down after its nova-compute was restarted, before it is restarted again: one of which Nova hears nothing
     * may take long to start.
     */
    private static final long RESTART_AGAIN_MS = 120_000;

    private static final long ASK_EVERY_MS = 10_000;

    private static final int RESTARTS_MAX = 5;

    /** What is done outside. */
    public interface Outside {
        /** Commits a command; the refusal, or empty. Throws if nobody answered. */
        Optional<String> commit(Command command);

        /**
         * The group's state as a majority confirms it after this call; empty if none answered. Only this host begins its next life, so that it
         * is down stays true until it does.
         *
         * @param known what is known here
         */
        Optional<RecoveryState> confirmed(RecoveryState known);

        /** Has this host's nova-compute restarted. Throws {@link HypervisorException} if that failed. */
        void restartCompute();

        /** Nova's record of this host's nova-compute, if it has one. Throws {@link ComputeException} if Nova cannot be asked. */
        Optional<ComputeService> computeService();
    }

    private final HostName self;
    private final Hypervisor hypervisor;
    private final Sweep.Homes homes;
    private final Outside outside;
    private final LongSupplier wallMs;
    private long restartedIn;
    private long restartedMs;
    private long askedMs;
    private int restarts;
    private Optional<String> firstHeard = Optional.empty();
    private boolean reports;
    private volatile String waitingFor = "";
    private volatile Optional<String> person = Optional.empty();

    public ReturnAgent(HostName self, Hypervisor hypervisor, Sweep.Homes homes, Outside outside, LongSupplier wallMs) {
        this.self = self;
        this.hypervisor = hypervisor;
        this.homes = homes;
        this.outside = outside;
        this.wallMs = wallMs;
    }

    /** The person who wants this host back, if one has said so; their name goes into the log with its next life. Any thread. */
    public void wantedBy(Optional<String> name) {
        person = name;
    }

    /** The same. */
    public Optional<String> wantedBy() {
        return person;
    }

    /** Why the host is not back yet; empty if there is nothing to wait for. Any thread. */
    public String waitingFor() {
        return waitingFor;
    }

    /**
     * Does what is missing now.
     *
     * @param nowMs by a clock that nobody sets: a host that has just booted may have its wall clock set by a day
     * @param known the newest state that this host knows
     */
    public void advance(long nowMs, RecoveryState known, boolean gateOpen) {
        HostRecord record = known.hosts().get(self);
        String why = "";
        if (isOnItsWay(record)) {
            why = outside.confirmed(known)
                    .map(state -> advanceConfirmed(nowMs, state, gateOpen))
                    .orElse("no majority of the voters says what became of this host");
        }
        if (!why.equals(waitingFor)) {
            waitingFor = why;
            if (!why.isEmpty()) {
                LOG.info("return waits host={} why=\"{}\"", self, why);
            }
        }
    }

    private static boolean isOnItsWay(HostRecord record) {
        return record != null
                && (record.status() == HostRecord.Status.DOWN || record.status() == HostRecord.Status.RETURNING);
    }

    private String advanceConfirmed(long nowMs, RecoveryState state, boolean gateOpen) {
        HostRecord record = state.hosts().get(self);
        if (!isOnItsWay(record)) {
            return "";
        }
        return record.status() == HostRecord.Status.DOWN ? comeBack(state, record) : restart(nowMs, record, gateOpen);
    }

    private String comeBack(RecoveryState state, HostRecord record) {
        if (record.maintenance()) {
            return "this host is in maintenance";
        }
        try {
            Sweep sweep = Sweep.of(state, self, hypervisor.domains(), homes);
            for (Hypervisor.Domain domain : sweep.stale()) {
                LOG.warn("guest destroyed: its VM lives elsewhere domain={} name={}", domain.id(), domain.name());
                hypervisor.destroy(domain.id());
            }
            Sweep after = Sweep.of(state, self, hypervisor.domains(), homes);
            if (!after.stale().isEmpty()) {
                return "guests whose VMs live elsewhere are still here: " + names(after.stale());
            }
            List<String> migrating = person.isPresent() ? List.of() : Sweep.migrating(state, self, homes);
            if (!migrating.isEmpty()) {
                return "live migrations of " + migrating + " were under way when this host died: they may run on their"
                        + " targets, and its nova-compute would start them here too. Look there; reset and evacuate"
                        + " those that do not run, or have the host back all the same: vmha host return " + self;
            }
            Optional<String> refused = outside.commit(
                    new ReturnCommand.BeginReturn(wallMs.getAsLong(), self, record.epoch(), words(sweep, after)));
            if (refused.isEmpty()) {
                LOG.info("this host begins a new life epoch={} {}", record.epoch() + 1, words(sweep, after));
            }
            return refused.orElse("");
        } catch (HypervisorException | ComputeException e) {
            return e.getMessage();
        }
    }

    private String restart(long nowMs, HostRecord record, boolean gateOpen) {
        if (!gateOpen) {
            return "the gate is closed";
        }
        boolean first = restartedIn != record.epoch();
        try {
            if (!first && !isWantedAgain(nowMs)) {
                return "";
            }
            outside.restartCompute();
        } catch (HypervisorException | ComputeException e) {
            return e.getMessage();
        }
        restarts = first ? 1 : restarts + 1;
        restartedIn = record.epoch();
        restartedMs = nowMs;
        askedMs = restartedMs;
        firstHeard = Optional.empty();
        reports = false;
        LOG.info(
                "nova-compute restarted, so that Nova completes the evacuations from here epoch={} time={}",
                record.epoch(),
                restarts);
        return "";
    }

    /**
     * A nova-compute that starts completes one evacuation of each server; where a server was evacuated from here more than once, Nova refuses
     * to take the force-down back until as many starts have completed them all. One that has reported itself has done what it does at a start:
     * if Nova holds the host down some seconds later, it takes another.
     */
    private boolean isWantedAgain(long nowMs) {
        if (restarts >= RESTARTS_MAX || nowMs - askedMs < ASK_EVERY_MS) {
            return false;
        }
        Optional<ComputeService> service = askNova(nowMs).filter(ComputeService::forcedDown);
        if (service.isEmpty()) {
            restartedMs = nowMs;
            return false;
        }
        boolean hadReported = reports;
        Optional<String> heard = service.get().heartbeat();
        reports = reports || (firstHeard.isPresent() && heard.isPresent() && !heard.equals(firstHeard));
        firstHeard = firstHeard.or(() -> heard);
        return hadReported || nowMs - restartedMs >= RESTART_AGAIN_MS;
    }

    /** Remembers that it has asked when the answer is there: the simulator runs this again from its beginning until it is. */
    private Optional<ComputeService> askNova(long nowMs) {
        try {
            Optional<ComputeService> service = outside.computeService();
            askedMs = nowMs;
            return service;
        } catch (ComputeException e) {
            askedMs = nowMs;
            throw e;
        }
    }

    private String words(Sweep before, Sweep after) {
        return "destroyed: " + (before.stale().isEmpty() ? "none" : names(before.stale())) + "; kept: "
                + (after.kept().isEmpty() ? "none" : names(after.kept()))
                + person.map(name -> "; wanted back by " + name).orElse("");
    }

    private static String names(List<Hypervisor.Domain> domains) {
        String first =
                domains.stream().limit(NAMED_MAX).map(Hypervisor.Domain::name).collect(Collectors.joining(", "));
        return domains.size() > NAMED_MAX ? first + " and " + (domains.size() - NAMED_MAX) + " more" : first;
    }
}

package io.vmha.node.gate;

import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.FallenVm;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.HostRecord;
import io.vmha.recovery.core.Hypervisor;
import io.vmha.recovery.core.HypervisorException;
import io.vmha.recovery.core.InstanceCommand;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.ServerId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches over this host's guests: tells the group which of them have died by themselves, and which of those run again. A guest that was there
 * and is not is looked at closely; the hypervisor knows whether somebody has ended it. Decides nothing about it.
 */
public final class GuestWatch {
    private static final Logger LOG = LoggerFactory.getLogger(GuestWatch.class);

    /** More at a time are looked at one after the other. */
    private static final int LOOKS_PER_ROUND = 20;

    private static final int SUSPECTS_MAX = 1_024;
    private static final long AGAIN_MS = 5_000;
    /** Without a guard the hypervisor is asked for the list, which costs child processes. */
    private static final long LIST_MS = 5_000;
    /** How soon a guest is found that died before it was ever seen alive. */
    private static final long COUNT_MS = 30_000;

    private final HostName self;
    private final Hypervisor hypervisor;
    private final Supplier<Optional<? extends Collection<ServerId>>> listed;
    private final Function<Command, Optional<String>> commit;
    private final LongSupplier wallMs;
    private Set<ServerId> known = new TreeSet<>();
    /** Those without a process of which there is nothing more to be found out. */
    private final Set<ServerId> dead = new TreeSet<>();

    private final TreeMap<ServerId, Long> suspects = new TreeMap<>(); // with the time before which they are left alone
    /** The suspects of which it was logged that they have died; until the group has taken it. */
    private final Set<ServerId> said = new TreeSet<>();

    private boolean blind;
    private boolean unheard;
    private long askedAtMs = Long.MIN_VALUE / 2;
    private long countedAtMs = Long.MIN_VALUE / 2;

    /**
     * @param listed the guests that have a process, running or paused; empty if the guard has not said it lately
     * @param commit commits a command; the reason why it was not, if so
     */
    public GuestWatch(
            HostName self,
            Hypervisor hypervisor,
            Supplier<Optional<? extends Collection<ServerId>>> listed,
            Function<Command, Optional<String>> commit,
            LongSupplier wallMs) {
        this.self = self;
        this.hypervisor = hypervisor;
        this.listed = listed;
        this.commit = commit;
        this.wallMs = wallMs;
    }

    /** Looks once. Blocking. */
    public void advance(long nowMs, RecoveryState state) {
        HostRecord me = state.hosts().get(self);
        if (!state.isEnabled() || me == null || me.status() != HostRecord.Status.IN_SERVICE) {
            known = new TreeSet<>();
            suspects.clear();
            dead.clear();
            countedAtMs = Long.MIN_VALUE / 2;
            return;
        }
        try {
            Optional<Set<ServerId>> living = living(nowMs);
            if (living.isPresent()) {
                look(nowMs, state, me.epoch(), living.get());
                blind = false;
            }
        } catch (HypervisorException e) {
            if (!blind) {
                LOG.warn("this host's guests cannot be looked at, so none is restarted why=\"{}\"", e.getMessage());
            }
            blind = true;
        }
    }

    private Optional<Set<ServerId>> living(long nowMs) {
        Optional<? extends Collection<ServerId>> told = listed.get();
        if (told.isPresent()) {
            return Optional.of(new TreeSet<>(told.get()));
        }
        if (nowMs - askedAtMs < LIST_MS) {
            return Optional.empty();
        }
        askedAtMs = nowMs;
        var ids = new TreeSet<ServerId>();
        hypervisor.domains().forEach(d -> ids.add(d.id()));
        return Optional.of(ids);
    }

    private void look(long nowMs, RecoveryState state, long epoch, Set<ServerId> living) {
        if (nowMs - countedAtMs >= COUNT_MS) {
            // what died while this daemon was away, or too soon to be seen; Nova's record tells whether it should run
            countedAtMs = nowMs;
            List<ServerId> now = hypervisor.withoutProcess();
            dead.retainAll(now);
            now.stream().filter(id -> !dead.contains(id)).forEach(this::suspect);
        }
        known.stream().filter(id -> !living.contains(id)).forEach(this::suspect);
        known = living;
        for (FallenVm vm : state.upkeep().openFallen()) {
            if (vm.host().equals(self) && vm.epoch() == epoch && !vm.seen() && living.contains(vm.server())) {
                tell(new InstanceCommand.ReportRunning(wallMs.getAsLong(), self, epoch, vm.server()));
            }
        }
        suspects.keySet().removeAll(living);
        dead.removeAll(living);
        said.retainAll(suspects.keySet());
        var due = new ArrayList<ServerId>();
        suspects.forEach((id, notBeforeMs) -> {
            if (notBeforeMs <= nowMs && due.size() < LOOKS_PER_ROUND) {
                due.add(id);
            }
        });
        for (ServerId id : due) {
            if (isSettled(id, state, epoch)) {
                suspects.remove(id);
                dead.add(id);
            } else {
                suspects.put(id, nowMs + AGAIN_MS);
            }
        }
    }

    private void suspect(ServerId id) {
        if (suspects.size() < SUSPECTS_MAX) {
            suspects.putIfAbsent(id, Long.MIN_VALUE);
        }
    }

    /** @return whether there is nothing more to be found out about it */
    private boolean isSettled(ServerId id, RecoveryState state, long epoch) {
        Hypervisor.Fate fate = hypervisor.fate(id);
        return switch (fate.kind()) {
            case LIVES, ENDED -> true;
            case CRASHED -> {
                if (said.add(id)) {
                    LOG.warn("a guest has died by itself domain={} fate=\"{}\"", id, fate.words());
                }
                yield !isOpen(id, state, epoch)
                        && tell(new InstanceCommand.ReportFallen(wallMs.getAsLong(), self, epoch, id, fate.words()));
            }
        };
    }

    /**
     * Its last fall is not over for the group, which would take a report for that one. Should Nova have it running when it has died again, the
     * report afterwards is of a new fall.
     */
    private boolean isOpen(ServerId id, RecoveryState state, long epoch) {
        FallenVm vm = state.upkeep().fallen().get(id);
        return vm != null && vm.phase().isOpen() && vm.host().equals(self) && vm.epoch() == epoch;
    }

    private boolean tell(InstanceCommand command) {
        Optional<String> refusal = commit.apply(command);
        if (refusal.isPresent() && !unheard) {
            LOG.warn("not taken by the group, asked again command={} why=\"{}\"", command, refusal.get());
        }
        unheard = refusal.isPresent();
        return refusal.isEmpty();
    }
}

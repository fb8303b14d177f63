package io.vmha.recovery.core;

import java.util.Optional;
import java.util.function.Function;

/** Commands about VMs that die on hosts that live, and about their nova-computes. */
public sealed interface InstanceCommand extends Command {
    /**
     * A host's agent says that the guest of a VM has died there by itself: neither its owner nor Nova has ended it.
     *
     * @param epoch the host's life in which it died
     * @param words what the hypervisor says about it
     */
    record ReportFallen(long atMs, HostName host, long epoch, ServerId server, String words)
            implements InstanceCommand {
        /** Anyone may ask: it is the agent of a host that is no voter and has no term. */
        @Override
        public long term() {
            return 0;
        }

        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            Optional<String> wrong = unfit(state, host, epoch);
            if (wrong.isPresent()) {
                return Applied.refused(state, wrong.get());
            }
            Upkeep upkeep = state.upkeep();
            FallenVm before = upkeep.fallen().get(server);
            if (before != null
                    && (before.phase().isOpen() || before.phase() == FallenVm.Phase.QUARANTINED)
                    && before.host().equals(host)
                    && before.epoch() == epoch) {
                return Applied.to(state); // it is known
            }
            if (upkeep.openFallen().size() >= Upkeep.FALLEN_OPEN_MAX) {
                return Applied.refused(
                        state,
                        Upkeep.FALLEN_OPEN_MAX + " VMs have fallen at once: that is not a matter of single VMs; a"
                                + " person must look at their hosts");
            }
            RestartPolicy policy = state.restartPolicy();
            FallenVm fallen = (before == null ? FallenVm.reported(server, host, epoch, atMs) : before)
                    .again(host, epoch, atMs, policy)
                    .tell(new Note(atMs, entry.index(), "its guest has died on " + host + ": " + words));
            return Applied.to(state.with(upkeep.with(
                    judged(fallen, policy, entry, atMs), state.group().level())));
        }
    }

    /** The leader is about to ask Nova to restart a VM in place. */
    record BeginRestart(long atMs, long term, ServerId server, String name) implements InstanceCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            return change(
                    state,
                    server,
                    vm -> {
                        if (vm.phase() != FallenVm.Phase.FALLEN) {
                            return Optional.of(
                                    "VM " + server + " is " + vm.phase() + "; only a fallen one is restarted");
                        }
                        if (!state.az().map(AzSettings::armed).orElse(false)) {
                            return Optional.of("the AZ is disarmed");
                        }
                        if (state.hosts().get(vm.host()).maintenance()) {
                            return Optional.of("host " + vm.host() + " is in maintenance");
                        }
                        boolean evacuated = state.openIncidents().stream()
                                .flatMap(i -> i.hosts().values().stream())
                                .anyMatch(h -> h.vms().containsKey(server)
                                        && h.vms().get(server).isUnderWay());
                        return evacuated ? Optional.of("it is being evacuated") : unfit(state, vm.host(), vm.epoch());
                    },
                    vm -> vm.begun(name, atMs, term)
                            .tell(new Note(
                                    atMs,
                                    entry.index(),
                                    "restart " + (vm.restartsAtMs().size() + 1) + " of at most "
                                            + state.restartPolicy().tries() + " is begun on " + vm.host())));
        }
    }

    /** The host's agent sees a process of a VM that had fallen: somebody has started it. */
    record ReportRunning(long atMs, HostName host, long epoch, ServerId server) implements InstanceCommand {
        @Override
        public long term() {
            return 0;
        }

        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            return change(
                    state,
                    server,
                    vm -> vm.host().equals(host)
                                    && vm.epoch() == epoch
                                    && vm.phase().isOpen()
                            ? Optional.empty()
                            : Optional.of("VM " + server + " has not fallen on " + host + " in epoch " + epoch),
                    vm -> vm.seen()
                            ? vm
                            : vm.running().tell(new Note(atMs, entry.index(), host + " sees its guest run again")));
        }
    }

    /** How a restart ended, or why there will be none. */
    record EndRestart(long atMs, long term, ServerId server, Outcome outcome, String detail)
            implements InstanceCommand {
        /** The outcomes. */
        public enum Outcome {
            /** It runs. */
            RUNNING,
            /** This restart failed; another may follow. */
            FAILED,
            /** It is left as it is. */
            LEFT
        }

        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            return change(
                    state,
                    server,
                    vm -> vm.phase().isOpen()
                            ? Optional.empty()
                            : Optional.of("VM " + server + " is " + vm.phase() + " already"),
                    vm -> {
                        var told = vm.tell(new Note(atMs, entry.index(), detail));
                        return switch (outcome) {
                            case RUNNING -> told.with(FallenVm.Phase.RUNNING);
                            case LEFT -> told.with(FallenVm.Phase.LEFT);
                            case FAILED -> judged(told.with(FallenVm.Phase.FALLEN), state.restartPolicy(), entry, atMs);
                        };
                    });
        }
    }

    /** A person has looked at a VM that died too often: it is treated as any other again. */
    record ReleaseVm(long atMs, ServerId server, String person) implements InstanceCommand {
        @Override
        public long term() {
            return 0;
        }

        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            FallenVm vm = state.upkeep().fallen().get(server);
            if (vm == null || vm.phase() != FallenVm.Phase.QUARANTINED) {
                return Applied.refused(
                        state,
                        "VM " + server + " is "
                                + (vm == null
                                        ? "not known to have fallen"
                                        : vm.phase().toString())
                                + "; only a quarantined one can be released");
            }
            FallenVm free = new FallenVm(
                            vm.server(),
                            vm.name(),
                            vm.host(),
                            vm.epoch(),
                            FallenVm.Phase.LEFT,
                            vm.sinceAtMs(),
                            java.util.List.of(),
                            0,
                            false,
                            vm.detail(),
                            vm.story())
                    .tell(new Note(atMs, entry.index(), "released by " + person + ": its restarts are counted anew"));
            return Applied.to(state.with(state.upkeep().with(free, state.group().level())));
        }
    }

    /**
     * Nova calls a recovered server broken since a {@link LateRebuild}: it is told in the server's incident, closed as that may be, before
     * anything is done about it.
     *
     * @param source the host from which it was recovered
     * @param needsPerson whether nothing is done about it but by a person
     */
    record NoteLateRebuild(long atMs, long term, HostName source, ServerId server, String words, boolean needsPerson)
            implements InstanceCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            Optional<Incident> newest = state.incidents().values().stream()
                    .filter(i -> Optional.ofNullable(i.hosts().get(source))
                            .map(h -> h.vms().get(server))
                            .map(LateRebuildSteps::isOverAtALaterAttempt)
                            .orElse(false))
                    .reduce((older, newer) -> newer);
            return newest.map(incident -> Applied.to(state.with(incident.tell(new Note(atMs, entry.index(), words)))))
                    .orElseGet(() -> Applied.refused(
                            state, "server " + server + " was not recovered from " + source + " at a later attempt"));
        }
    }

    /** The nova-compute of a host that lives has been down for a while, or is up again. */
    record NoteCompute(long atMs, long term, HostName host, boolean down, String detail) implements InstanceCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            if (!state.hosts().containsKey(host)) {
                return Applied.refused(state, "host " + host + " is not in this AZ");
            }
            Upkeep upkeep = state.upkeep();
            return Applied.to(
                    state.with(down ? upkeep.with(new Outage(host, atMs, detail)) : upkeep.withoutOutage(host)));
        }
    }

    /** One that has used its restarts up waits for a person. */
    private static FallenVm judged(FallenVm vm, RestartPolicy policy, Entry entry, long atMs) {
        long lately = vm.restartsAtMs().stream()
                .filter(at -> atMs - at < policy.windowMs())
                .count();
        return lately < policy.tries()
                ? vm
                : vm.with(FallenVm.Phase.QUARANTINED)
                        .tell(new Note(
                                atMs,
                                entry.index(),
                                "quarantined: restarted " + lately + " times within " + policy.windowMs() / 60_000
                                        + " min, and it does not stay up; look at it, then: vmha vm release "
                                        + vm.server()));
    }

    private static Optional<String> unfit(RecoveryState state, HostName host, long epoch) {
        if (!state.isEnabled()) {
            return Optional.of("HA is not enabled for this group");
        }
        HostRecord record = state.hosts().get(host);
        if (record == null || record.status() != HostRecord.Status.IN_SERVICE) {
            return Optional.of("host " + host + " is "
                    + (record == null ? "not in this AZ" : record.status().toString())
                    + "; VMs are restarted in place only on hosts in service");
        }
        return record.epoch() == epoch
                ? Optional.empty()
                : Optional.of("host " + host + " is in epoch " + record.epoch() + ", not in " + epoch);
    }

    private static Applied change(
            RecoveryState state,
            ServerId server,
            Function<FallenVm, Optional<String>> unfit,
            Function<FallenVm, FallenVm> change) {
        FallenVm vm = state.upkeep().fallen().get(server);
        Optional<String> wrong =
                vm == null ? Optional.of("VM " + server + " is not known to have fallen") : unfit.apply(vm);
        return wrong.map(why -> Applied.refused(state, why))
                .orElseGet(() -> Applied.to(state.with(
                        state.upkeep().with(change.apply(vm), state.group().level()))));
    }
}

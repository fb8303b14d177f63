package io.vmha.recovery.core;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** Commands about one VM of a certified host. */
public sealed interface VmCommand extends Command {
    /** Calls that may be made for one VM before it has failed. */
    int ATTEMPTS_MAX = 5;

    /**
     * Intent: this leader is about to ask Nova to evacuate the VM. Refused without a confirmed certificate (S1), if the VM's data would
     * be lost (S10), and while another
     * intent for it is open, be it in another incident, whose target has died meanwhile: there is one caller at a time (S9).
     */
    record BeginEvacuation(long atMs, long term, IncidentId incident, HostName host, ServerId server)
            implements VmCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            Optional<IncidentId> elsewhere = state.evacuatingElsewhere(incident, host, server);
            if (elsewhere.isPresent()) {
                return Applied.refused(
                        state, "server " + server + " is still being evacuated in incident " + elsewhere.get());
            }
            return onVm(
                    state,
                    entry,
                    this,
                    vm -> {
                        if (vm.step() != VmRecovery.Step.PLANNED) {
                            return Optional.of("it is " + vm.step());
                        }
                        if (!StorageGate.keepsData(state, host, vm.brief().disk())) {
                            return Optional.of("its disk is not known to be reachable from other hosts (S10)");
                        }
                        return vm.attempts() >= ATTEMPTS_MAX
                                ? Optional.of("its " + ATTEMPTS_MAX + " attempts are used up")
                                : Optional.empty();
                    },
                    vm -> vm.begin(entry, atMs),
                    vm -> "evacuating, attempt " + (vm.attempts() + 1));
        }
    }

    /**
     * Outcome: Nova took the evacuation.
     *
     * @param intentIndex the attempt that this is the outcome of: a proposal may commit long after it was given up, when the next attempt
     *     is under way
     * @param remark what was done to the server before the call
     */
    record EvacuationAccepted(
            long atMs,
            long term,
            IncidentId incident,
            HostName host,
            ServerId server,
            long intentIndex,
            OptionalLong migration,
            String remark)
            implements VmCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            return onVm(
                    state,
                    entry,
                    this,
                    vm -> whyNotOpen(vm, intentIndex),
                    vm -> vm.accept(migration),
                    vm -> "accepted by Nova"
                            + (migration.isPresent() ? ", migration " + migration.getAsLong() : "")
                            + (remark.isEmpty() ? "" : "; " + remark));
        }
    }

    /**
     * The attempt cannot go on, and cannot be given up, by itself: what it waits for is told, once for each attempt.
     *
     * @param intentIndex the attempt that this is said of
     */
    record EvacuationHeld(
            long atMs, long term, IncidentId incident, HostName host, ServerId server, long intentIndex, String why)
            implements VmCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            return onVm(state, entry, this, vm -> whyNotOpen(vm, intentIndex), vm -> vm, vm -> "held: " + why);
        }
    }

    /**
     * Outcome: the attempt is over without success, and Nova is not working on it any more. It goes back to the plan, or fails when the
     * attempts are used up.
     *
     * @param intentIndex the attempt that this is the outcome of
     * @param migrationFloor the newest migration of this server that is over
     * @param called false if the attempt does not count: its call was never made, for a reason that will pass
     * @param queued true if Nova has not ended its migration: it may wait in the queue of a lost host until the server's record is reset
     */
    record AttemptFailed(
            long atMs,
            long term,
            IncidentId incident,
            HostName host,
            ServerId server,
            long intentIndex,
            long migrationFloor,
            boolean called,
            boolean queued,
            String why)
            implements VmCommand {
        @Override
        public int level() {
            return queued ? FeatureLevel.QUEUES : FeatureLevel.FIRST;
        }

        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            return onVm(
                    state,
                    entry,
                    this,
                    vm -> whyNotOpen(vm, intentIndex),
                    vm -> called && vm.attempts() >= ATTEMPTS_MAX
                            ? vm.end(
                                    new Ending(Ending.Kind.FAILED, "after " + vm.attempts() + " attempts: " + why),
                                    atMs)
                            : vm.retry(migrationFloor, called, queued),
                    vm -> "attempt " + vm.attempts() + (called ? " failed: " : " put off: ") + why);
        }
    }

    /**
     * The VM's ending (S13), and the intent to put back what was changed about it: our lock, and the state in which its owner had left it.
     */
    record VmEnded(long atMs, long term, IncidentId incident, HostName host, ServerId server, Ending ending)
            implements VmCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            return onVm(
                    state,
                    entry,
                    this,
                    vm -> vm.ending().isPresent() ? Optional.of("it has its ending already") : Optional.empty(),
                    vm -> vm.end(ending, atMs),
                    vm -> switch (ending.kind()) {
                        case RECOVERED -> "recovered on " + ending.detail();
                        case LEFT -> "left: " + ending.detail();
                        case FAILED -> "failed: " + ending.detail();
                    });
        }
    }

    /**
     * Outcome: what was changed about the VM is put back.
     *
     * @param trouble what could not be put back; empty if all was
     */
    record VmSettled(
            long atMs, long term, IncidentId incident, HostName host, ServerId server, String done, String trouble)
            implements VmCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            return onVm(
                    state,
                    entry,
                    this,
                    vm -> vm.step() == VmRecovery.Step.SETTLING
                            ? Optional.empty()
                            : Optional.of("there is nothing to put back: it is " + vm.step()),
                    vm -> vm.settle(vm.ending().orElseThrow().with(trouble)),
                    vm -> trouble.isEmpty() ? done : done + "; " + trouble);
        }
    }

    IncidentId incident();

    HostName host();

    ServerId server();

    private static Optional<String> whyNotOpen(VmRecovery vm, long intentIndex) {
        if (vm.step() != VmRecovery.Step.CALLING && vm.step() != VmRecovery.Step.ACCEPTED) {
            return Optional.of("it is " + vm.step());
        }
        return vm.intentIndex() == intentIndex
                ? Optional.empty()
                : Optional.of("its open attempt is that of entry " + vm.intentIndex() + ", not of " + intentIndex);
    }

    private static Applied onVm(
            RecoveryState state,
            Entry entry,
            VmCommand command,
            Function<VmRecovery, Optional<String>> guard,
            UnaryOperator<VmRecovery> change,
            Function<VmRecovery, String> words) {
        Optional<VmRecovery> found = Optional.ofNullable(state.incidents().get(command.incident()))
                .map(i -> i.hosts().get(command.host()))
                .map(h -> h.vms().get(command.server()));
        if (found.isEmpty()) {
            return Applied.refused(state, "server " + command.server() + " is not in the plan of " + command.host());
        }
        VmRecovery vm = found.get();
        return IncidentCommand.onHost(
                state,
                command.incident(),
                command.host(),
                h -> h.mayEvacuate()
                        ? guard.apply(vm).map(why -> vm.name() + ": " + why)
                        : Optional.of("it is not proven down, so its VMs stay (S1)"),
                h -> h.with(change.apply(vm)),
                new Note(command.atMs(), entry.index(), vm.name() + ": " + words.apply(vm)));
    }
}

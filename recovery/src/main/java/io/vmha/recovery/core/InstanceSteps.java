package io.vmha.recovery.core;

import io.vmha.recovery.core.InstanceCommand.EndRestart.Outcome;
import io.vmha.recovery.core.UpkeepController.Turn;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The steps about VMs that fell on living hosts, and about nova-computes that are down while their hosts live. */
final class InstanceSteps {
    private static final long LOOK_AGAIN_MS = 1_000;
    private static final long COMPUTES_EVERY_MS = 10_000;
    /** Nova itself calls a nova-compute down after a minute; one that was restarted is up again by then. */
    private static final long DOWN_FOR_MS = 15_000;
    /** A hard reboot of a VM with many disks takes its time. */
    private static final long RESTART_LIMIT_MS = 120_000;
    /** The owner's word on the restarts of one VM. */
    private static final String RESTART = "vmha:restart";

    private final RecoveryConfig config;
    /** By VM, the wall-clock time of the intent for which Nova was called: no intent is called for twice. */
    private final Map<ServerId, Long> called = new TreeMap<>();

    private final Map<HostName, Long> downSinceMs = new TreeMap<>();

    InstanceSteps(RecoveryConfig config) {
        this.config = config;
    }

    void forget() {
        called.clear();
        downSinceMs.clear();
    }

    void decide(Turn turn) {
        RestartPolicy policy = turn.state().restartPolicy();
        called.keySet().retainAll(turn.state().upkeep().fallen().keySet());
        boolean images = turn.state().az().map(az -> az.policy().needsImages()).orElse(false);
        for (FallenVm vm : turn.state().upkeep().openFallen()) {
            var look = new UpkeepAction.LookAtVm(turn.term(), vm.host(), vm.server(), images);
            if (turn.isRecording("restart-of " + vm.server())) {
                continue;
            }
            if (vm.phase() == FallenVm.Phase.RESTARTING && vm.intentTerm() == turn.term() && !isCalled(vm)) {
                called.put(vm.server(), lastRestart(vm));
                turn.execute(new UpkeepAction.RestartVm(turn.term(), vm.host(), vm.server()));
            } else if (vm.phase() == FallenVm.Phase.RESTARTING || turn.atMs() >= dueAtMs(vm, policy)) {
                turn.execute(look);
            }
        }
        turn.execute(new UpkeepAction.AskComputes(turn.term()));
    }

    private boolean isCalled(FallenVm vm) {
        return called.getOrDefault(vm.server(), 0L) == lastRestart(vm);
    }

    private static long lastRestart(FallenVm vm) {
        return vm.restartsAtMs().isEmpty()
                ? 0
                : vm.restartsAtMs().get(vm.restartsAtMs().size() - 1);
    }

    private static long dueAtMs(FallenVm vm, RestartPolicy policy) {
        return lastRestart(vm) + policy.pauseMs(vm.restartsAtMs().size());
    }

    void onResult(Turn turn, UpkeepResult result) {
        if (result instanceof UpkeepResult.VmSeen seen) {
            turn.pending().pause(turn.nowMs(), seen.action().key(), LOOK_AGAIN_MS);
            onSeen(turn, seen);
        } else if (result instanceof UpkeepResult.ComputesSeen seen) {
            turn.pending().pause(turn.nowMs(), seen.action().key(), COMPUTES_EVERY_MS);
            onComputes(turn, seen);
        } else if (result instanceof UpkeepResult.Failed failed) {
            turn.pending().pause(turn.nowMs(), failed.action().key(), 2 * LOOK_AGAIN_MS);
            if (failed.action() instanceof UpkeepAction.RestartVm restart && !failed.unknown()) {
                end(turn, restart.server(), Outcome.FAILED, "not restarted: " + failed.why());
            }
        }
    }

    private void onSeen(Turn turn, UpkeepResult.VmSeen seen) {
        FallenVm vm = turn.state().upkeep().fallen().get(seen.action().server());
        if (vm == null || !vm.phase().isOpen() || turn.isRecording("restart-of " + vm.server())) {
            return;
        }
        Optional<String> left = whyLeft(turn, vm, seen);
        if (left.isPresent()) {
            end(turn, vm.server(), Outcome.LEFT, left.get());
            return;
        }
        Server server = seen.server().orElseThrow();
        boolean active = server.vmState().equals("active");
        if (server.taskState().isPresent()) {
            return; // Nova is at work on it
        }
        if (active && vm.seen()) {
            end(turn, vm.server(), Outcome.RUNNING, "it runs again on " + vm.host());
        } else if (vm.phase() == FallenVm.Phase.FALLEN) {
            boolean maintenance = turn.state().hosts().get(vm.host()).maintenance();
            boolean armed = turn.state().az().map(AzSettings::armed).orElse(false);
            if (seen.computeUp() && armed && !maintenance) {
                turn.propose(
                        "restart-of " + vm.server(),
                        new InstanceCommand.BeginRestart(turn.atMs(), turn.term(), vm.server(), server.name()));
            }
        } else {
            watch(turn, vm, server, active);
        }
    }

    private void watch(Turn turn, FallenVm vm, Server server, boolean active) {
        long sinceMs = turn.atMs() - lastRestart(vm);
        if (!active && sinceMs > LOOK_AGAIN_MS) {
            end(turn, vm.server(), Outcome.FAILED, "the restart failed: Nova has it " + server.vmState());
        } else if (vm.intentTerm() != turn.term() && turn.leadingForMs() > config.inheritedWaitMs()) {
            end(turn, vm.server(), Outcome.FAILED, "the leader that began the restart is gone, and it does not run");
        } else if (sinceMs > RESTART_LIMIT_MS) {
            end(
                    turn,
                    vm.server(),
                    Outcome.FAILED,
                    "the restart failed: Nova has it active, and " + vm.host() + " sees no process of it for "
                            + RESTART_LIMIT_MS / 1_000 + " s");
        }
    }

    /** Whose guest died is restarted only if it should be running, here, and nobody has decided otherwise. */
    private static Optional<String> whyLeft(Turn turn, FallenVm vm, UpkeepResult.VmSeen seen) {
        HostRecord host = turn.state().hosts().get(vm.host());
        if (host == null || host.status() != HostRecord.Status.IN_SERVICE || host.epoch() != vm.epoch()) {
            return Optional.of("its host " + vm.host() + " is not in service any more: what lived on it is recovered");
        }
        if (seen.server().isEmpty()) {
            return Optional.of("left: Nova does not know it (deleted)");
        }
        Server server = seen.server().get();
        if (!server.host().equals(vm.host())) {
            return Optional.of("left: Nova has it on " + server.host() + " now");
        }
        if (vm.phase() == FallenVm.Phase.RESTARTING || server.taskState().isPresent()) {
            return Optional.empty();
        }
        boolean ours = server.vmState().equals("error") && !vm.restartsAtMs().isEmpty();
        if (!server.vmState().equals("active") && !ours) {
            return Optional.of("left: Nova has it " + server.vmState()
                    + (server.vmState().equals("stopped")
                            ? ", by its owner, or by itself because its guest was gone; openstack server start "
                                    + vm.server()
                            : ", and only a VM that should be running is restarted"));
        }
        return unwanted(turn, server);
    }

    private static Optional<String> unwanted(Turn turn, Server server) {
        String word = server.metadata().getOrDefault(RESTART, "").strip();
        if (word.equalsIgnoreCase("false")) {
            return Optional.of("left: its metadata says " + RESTART + "=false");
        }
        return switch (turn.state().restartPolicy().select()) {
            case NONE -> Optional.of("left: this AZ restarts no VMs (recovery.restart.select: none)");
            case TAGGED ->
                word.equalsIgnoreCase("true")
                        ? Optional.empty()
                        : Optional.of("left: this AZ restarts only VMs whose metadata says " + RESTART + "=true");
            case ALL ->
                word.equalsIgnoreCase("true")
                        ? Optional.empty()
                        : new Selection(turn.state().az().orElseThrow().policy())
                                .whyLeft(server)
                                .map(why -> "left: " + why);
        };
    }

    private static void end(Turn turn, ServerId server, Outcome outcome, String detail) {
        turn.propose(
                "restart-of " + server,
                new InstanceCommand.EndRestart(turn.atMs(), turn.term(), server, outcome, detail));
    }

    private void onComputes(Turn turn, UpkeepResult.ComputesSeen seen) {
        for (ComputeService service : seen.services()) {
            HostRecord host = turn.state().hosts().get(service.host());
            boolean lives = host != null && host.status() == HostRecord.Status.IN_SERVICE && !host.maintenance();
            if (service.up() || service.forcedDown() || !lives) {
                downSinceMs.remove(service.host());
                boolean over = service.up() || !lives; // one that is held down is told of elsewhere
                if (over && host != null && turn.state().upkeep().outages().containsKey(service.host())) {
                    note(turn, service.host(), false, "its nova-compute is up again, or its host is not in service");
                }
            } else {
                long since = downSinceMs.computeIfAbsent(service.host(), h -> turn.nowMs());
                if (turn.nowMs() - since >= DOWN_FOR_MS
                        && !turn.state().upkeep().outages().containsKey(service.host())) {
                    note(
                            turn,
                            service.host(),
                            true,
                            "its nova-compute is down while the host lives: its VMs run, and Nova can do nothing with"
                                    + " them; look at: systemctl status nova-compute");
                }
            }
        }
    }

    private static void note(Turn turn, HostName host, boolean down, String detail) {
        turn.propose("compute " + host, new InstanceCommand.NoteCompute(turn.atMs(), turn.term(), host, down, detail));
    }
}

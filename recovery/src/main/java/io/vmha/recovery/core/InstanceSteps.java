package io.vmha.recovery.core;

import io.vmha.recovery.core.InstanceCommand.EndRestart.Outcome;
import io.vmha.recovery.core.UpkeepController.Turn;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The steps about VMs that fell on living hosts, and about nova-computes that are down while their hosts live. */
final class InstanceSteps {
    private static final long LOOK_AGAIN_MS = 1_000;
    private static final long COMPUTES_EVERY_MS = 10_000;
    /** Nova itself calls a nova-compute down after a minute; one that was restarted is up again by then. */
    private static final long DOWN_FOR_MS = 15_000;
    /** A hard reboot of a VM with many disks takes its time. */
    private static final long RESTART_LIMIT_MS = 120_000;
    /** What takes Nova longer than this will not end by itself, as far as anybody knows. */
    private static final long BUSY_LIMIT_MS = 300_000;
    /** The owner's word on the restarts of one VM. */
    private static final String RESTART = "vmha:restart";

    /** Nova sets the task_state before it answers; one that is gone so soon has not begun. */
    private static final long SETTLED_MS = 3_000;

    /**
     * A call of this leadership.
     *
     * @param intentAtMs the wall-clock time of its intent
     * @param overAtMs when it was answered, or when what it may have set off has begun; while it is on its way, when it has done so even if
     *     nobody hears of it
     */
    private record Call(long intentAtMs, long overAtMs) {}

    private record Task(String name, long sinceMs) {}

    private final RecoveryConfig config;
    /** Of this leadership: no intent is called for twice. */
    private final Map<ServerId, Call> calls = new TreeMap<>();

    /** Of this leadership: what Nova was first seen to be at with a fallen VM. */
    private final Map<ServerId, Task> tasks = new TreeMap<>();

    private final Map<HostName, Long> downSinceMs = new TreeMap<>();

    InstanceSteps(RecoveryConfig config) {
        this.config = config;
    }

    void forget() {
        calls.clear();
        tasks.clear();
        downSinceMs.clear();
    }

    void decide(Turn turn) {
        RestartPolicy policy = turn.state().restartPolicy();
        calls.keySet().retainAll(turn.state().upkeep().fallen().keySet());
        tasks.keySet()
                .retainAll(turn.state().upkeep().openFallen().stream()
                        .map(FallenVm::server)
                        .collect(Collectors.toSet()));
        boolean images = turn.state().az().map(az -> az.policy().needsImages()).orElse(false);
        for (FallenVm vm : turn.state().upkeep().openFallen()) {
            var look = new UpkeepAction.LookAtVm(turn.term(), vm.host(), vm.server(), images);
            if (turn.isRecording("restart-of " + vm.server())) {
                continue;
            }
            if (vm.phase() == FallenVm.Phase.RESTARTING
                    && vm.intentTerm() == turn.term()
                    && callOf(vm).isEmpty()) {
                call(turn, vm);
            } else if (vm.phase() == FallenVm.Phase.RESTARTING || turn.atMs() >= dueAtMs(vm, policy)) {
                turn.execute(look);
            }
        }
        turn.execute(new UpkeepAction.AskComputes(turn.term()));
    }

    /** At once after its intent: what is decided meanwhile would not keep it back. */
    private void call(Turn turn, FallenVm vm) {
        long forgottenAtMs = turn.nowMs() + UpkeepController.ACTION_LIMIT_MS + config.requestLimitMs();
        calls.put(vm.server(), new Call(lastRestart(vm), forgottenAtMs));
        turn.execute(restart(turn, vm));
    }

    private static UpkeepAction.RestartVm restart(Turn turn, FallenVm vm) {
        return new UpkeepAction.RestartVm(turn.term(), vm.host(), vm.server());
    }

    private Optional<Call> callOf(FallenVm vm) {
        return Optional.ofNullable(calls.get(vm.server())).filter(call -> call.intentAtMs() == lastRestart(vm));
    }

    /** Whether a call for the open intent may still reach Nova: our own, or that of an older leader (S9). */
    private boolean isOnItsWay(Turn turn, FallenVm vm) {
        if (vm.phase() != FallenVm.Phase.RESTARTING) {
            return false;
        }
        return vm.intentTerm() == turn.term()
                ? callOf(vm)
                        .map(call -> turn.nowMs() - SETTLED_MS <= call.overAtMs())
                        .orElse(true)
                : turn.leadingForMs() <= config.inheritedWaitMs();
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
        if (result.action() instanceof UpkeepAction.RestartVm restart) {
            boolean unknown = result instanceof UpkeepResult.Failed failed && failed.unknown();
            calls.computeIfPresent(
                    restart.server(),
                    (id, call) -> new Call(call.intentAtMs(), turn.nowMs() + (unknown ? config.requestLimitMs() : 0)));
        }
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
        boolean runs = vm.seen()
                && seen.server()
                        .filter(s ->
                                s.vmState().equals("active") && s.taskState().isEmpty())
                        .isPresent();
        noteTask(turn, seen);
        if (!runs && isOnItsWay(turn, vm)) {
            return; // whatever is decided now, it may still change
        }
        Optional<String> left = whyLeft(turn, vm, seen);
        if (left.isPresent()) {
            end(turn, vm.server(), Outcome.LEFT, left.get());
            return;
        }
        Server server = seen.server().orElseThrow();
        boolean active = server.vmState().equals("active");
        if (server.taskState().isPresent()) {
            leaveIfEndless(turn, vm, tasks.get(vm.server()));
            return;
        }
        if (active && vm.seen()) {
            end(turn, vm.server(), Outcome.RUNNING, "it runs again on " + vm.host());
        } else if (vm.phase() == FallenVm.Phase.FALLEN) {
            boolean maintenance = turn.state().hosts().get(vm.host()).maintenance();
            boolean armed = turn.state().az().map(AzSettings::armed).orElse(false);
            boolean paused =
                    turn.pending().isBusy(turn.nowMs(), restart(turn, vm).key()); // after a call that failed
            if (seen.computeUp() && armed && !maintenance && !paused) {
                turn.propose(
                        "restart-of " + vm.server(),
                        new InstanceCommand.BeginRestart(turn.atMs(), turn.term(), vm.server(), server.name()));
            }
        } else {
            watch(turn, vm, server, active);
        }
    }

    /** Notes what Nova is at with it, and since when as far as this leader has seen. */
    private void noteTask(Turn turn, UpkeepResult.VmSeen seen) {
        ServerId id = seen.action().server();
        Optional<String> name = seen.server().flatMap(Server::taskState);
        if (name.isEmpty()) {
            tasks.remove(id);
        } else if (!tasks.containsKey(id) || !tasks.get(id).name().equals(name.get())) {
            tasks.put(id, new Task(name.get(), turn.nowMs()));
        }
    }

    /** Nova goes on with it, or never will: nobody waits for that for ever. */
    private void leaveIfEndless(Turn turn, FallenVm vm, Task task) {
        boolean ours = vm.phase() == FallenVm.Phase.RESTARTING && vm.intentTerm() == turn.term();
        long sinceMs = ours ? callOf(vm).map(Call::overAtMs).orElse(task.sinceMs()) : task.sinceMs();
        long busyMs = turn.nowMs() - sinceMs;
        if (busyMs > BUSY_LIMIT_MS) {
            end(
                    turn,
                    vm.server(),
                    Outcome.LEFT,
                    "left: Nova has been at work on it for " + busyMs / 60_000 + " min (" + task.name()
                            + "); if it does not run when that has ended: openstack server reboot --hard "
                            + vm.server());
        }
    }

    /** The call for its restart is over, and Nova is not at work on it. */
    private static void watch(Turn turn, FallenVm vm, Server server, boolean active) {
        if (!active) {
            end(turn, vm.server(), Outcome.FAILED, "the restart failed: Nova has it " + server.vmState());
        } else if (vm.intentTerm() != turn.term()) {
            end(turn, vm.server(), Outcome.FAILED, "the leader that began the restart is gone, and it does not run");
        } else if (turn.atMs() - lastRestart(vm) > RESTART_LIMIT_MS) {
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

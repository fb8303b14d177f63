package io.vmha.node.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vmha.recovery.core.AgeStatement;
import io.vmha.recovery.core.Arming;
import io.vmha.recovery.core.AzCommand;
import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.BmcStatement;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.Drain;
import io.vmha.recovery.core.DrainCommand;
import io.vmha.recovery.core.Drill;
import io.vmha.recovery.core.DrillCommand;
import io.vmha.recovery.core.Ending;
import io.vmha.recovery.core.Entry;
import io.vmha.recovery.core.EvacuationPolicy;
import io.vmha.recovery.core.FeatureLevel;
import io.vmha.recovery.core.FenceTestCommand;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.IncidentCommand;
import io.vmha.recovery.core.IncidentId;
import io.vmha.recovery.core.InstanceCommand;
import io.vmha.recovery.core.LevelCommand;
import io.vmha.recovery.core.Limits;
import io.vmha.recovery.core.Move;
import io.vmha.recovery.core.PowerState;
import io.vmha.recovery.core.ProofCommand;
import io.vmha.recovery.core.Proofs;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.ReserveCommand;
import io.vmha.recovery.core.ReservedHosts;
import io.vmha.recovery.core.ReturnCommand;
import io.vmha.recovery.core.ServerId;
import io.vmha.recovery.core.StorageReport;
import io.vmha.recovery.core.TurnCommand;
import io.vmha.recovery.core.VmCommand;
import io.vmha.recovery.core.VmRecovery;
import io.vmha.recovery.core.Witness;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class StateCodecTest {
    private static final HostName HOST = new HostName("hv-2");
    private static final IncidentId ONE = new IncidentId(1);
    private static final ServerId VM = new ServerId("7d2c1a90-0000-4000-8000-000000000001");
    private static final BmcStatement OFF = new BmcStatement(HOST, PowerState.OFF, true, "off", 250);

    private final StateCodec codec = new StateCodec();

    private static AzSettings settings() {
        var policy = new EvacuationPolicy(
                false,
                false,
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                new ReservedHosts(List.of(new HostName("hv-3")), true));
        return new AzSettings("az1", 3, "g", true, true, true, Limits.DEFAULT, Proofs.BOTH, policy);
    }

    private static List<Command> throughAnIncident() {
        var move = new Move(VM, "db", Move.Step.WAITING, 0, 0, "");
        var settings = settings();
        var witnesses = new TreeMap<HostName, List<Witness>>();
        witnesses.put(HOST, List.of(new Witness("gossip", "FAILED")));
        return List.of(
                new AzCommand.EnableAz(1, settings, List.of(new HostName("hv-1"), HOST, new HostName("hv-3"))),
                new LevelCommand.RaiseLevel(1, 5, FeatureLevel.newest(), 0),
                new AzCommand.SetHosts(1, 5, List.of(new HostName("hv-1"), HOST, new HostName("hv-3"))),
                new AzCommand.SetMaintenance(1, HOST, true),
                new FenceTestCommand.BeginFenceTest(1, HOST, new HostName("hv-1")),
                new FenceTestCommand.EndFenceTest(1, HOST, new HostName("hv-1"), "off and on"),
                new AzCommand.SetMaintenance(1, HOST, false),
                new AzCommand.SetArmed(1, true),
                new AzCommand.ReportStorage(
                        1, HOST, new StorageReport("file:/instances", "n2", new TreeMap<>(Map.of(HOST, "n1")), "")),
                new InstanceCommand.ReportFallen(2, HOST, 1, VM, "libvirt says shut off (crashed)"),
                new InstanceCommand.BeginRestart(2, 5, VM, "db"),
                new InstanceCommand.ReportRunning(2, HOST, 1, VM),
                new InstanceCommand.EndRestart(2, 5, VM, InstanceCommand.EndRestart.Outcome.RUNNING, "it runs"),
                new InstanceCommand.ReleaseVm(2, VM, "anna"),
                new InstanceCommand.NoteCompute(2, 5, HOST, true, "down"),
                new DrainCommand.BeginDrain(2, HOST, new Drain.Order("anna", true, 2)),
                new DrainCommand.NoteDisabling(2, 5, HOST, Drain.Disabling.OURS),
                new DrainCommand.PlanMoves(2, 5, HOST, List.of(move)),
                new DrainCommand.BeginMove(2, 5, HOST, VM, false),
                new DrainCommand.EndMove(2, 5, HOST, VM, Move.Step.MOVED, "hv-1"),
                new DrainCommand.EndDrain(2, 5, HOST, Drain.Phase.DRAINED, "1 of 1 VMs moved"),
                new DrainCommand.UndoDrain(2, HOST, "anna"),
                new DrainCommand.EndDrain(2, 5, HOST, Drain.Phase.UNDONE, "enabled"),
                new AzCommand.SetMaintenance(2, HOST, true),
                new DrillCommand.BeginDrill(2, HOST, VM, "anna", List.of(VM)),
                new DrillCommand.AdvanceDrill(
                        2, 5, 1, Drill.Phase.CUT, OptionalLong.empty(), Drill.Times.NONE, "its power is cut"),
                new IncidentCommand.DeclareIncident(2, 5, witnesses),
                new IncidentCommand.HoldIncident(3, ONE, "anna"),
                new IncidentCommand.ApproveIncident(3, ONE, "anna"),
                new IncidentCommand.BeginFence(3, 5, ONE, HOST),
                new IncidentCommand.FenceFailed(3, 5, ONE, HOST, "slow"),
                new IncidentCommand.BeginFence(3, 5, ONE, HOST),
                new ProofCommand.NoteArming(3, 5, HOST, 1, new Arming(true, "guard")),
                new ProofCommand.AskPerson(3, 5, ONE, HOST, "its BMC is mute"),
                new ProofCommand.Seal(3, 5, ONE, HOST, 1, said(2_000, 20)),
                new ProofCommand.ExpireLease(4, 5, ONE, HOST, 1, said(9_000, 20)),
                new ProofCommand.SealForWord(4, HOST, "anna"),
                new ProofCommand.SealApplied(4, 5, ONE, HOST, List.of("a", "b")),
                new ProofCommand.ConfirmDown(4, HOST, "anna"),
                new ProofCommand.ConfirmApplied(4, 5, ONE, HOST, List.of("hv-1@0000000000000001")),
                new IncidentCommand.Certify(4, 5, ONE, HOST, 1, OFF),
                new IncidentCommand.ConfirmOff(5, 5, ONE, HOST, List.of("hv-1", "hv-3"), 3, OFF),
                new IncidentCommand.BeginForceDown(6, 5, ONE, HOST),
                new IncidentCommand.ForcedDown(7, 5, ONE, HOST, "held down"),
                new IncidentCommand.NoteDelay(7, 5, ONE, HOST, "waits until Nova answers"),
                new IncidentCommand.RecordPlan(
                        8, 5, ONE, HOST, List.of(VmRecovery.planned(VM, "db", "ACTIVE", 0, 7)), List.of()),
                new ReserveCommand.BeginUse(8, 5, ONE, HOST, new HostName("hv-3")),
                new ReserveCommand.Used(8, 5, new HostName("hv-3"), "enabled"),
                new ReserveCommand.UseFailed(8, 5, new HostName("hv-3"), "it is down"),
                new VmCommand.BeginEvacuation(9, 5, ONE, HOST, VM),
                new VmCommand.EvacuationAccepted(10, 5, ONE, HOST, VM, 17, OptionalLong.of(8), "its record was reset"),
                new VmCommand.EvacuationHeld(11, 5, ONE, HOST, VM, 17, "nova-compute is silent on hv-3"),
                new VmCommand.AttemptFailed(11, 5, ONE, HOST, VM, 17, 8, true, false, "no valid host"),
                new VmCommand.VmEnded(12, 5, ONE, HOST, VM, new Ending(Ending.Kind.RECOVERED, "hv-1")),
                new VmCommand.VmSettled(12, 5, ONE, HOST, VM, "unlocked", "not paused"),
                new IncidentCommand.CloseIncident(13, 5, ONE),
                new InstanceCommand.NoteLateRebuild(13, 5, HOST, VM, "a rebuild came too late", true),
                new IncidentCommand.CancelIncident(13, ONE, "anna"),
                new IncidentCommand.PutBack(13, 5, ONE, HOST, "boot-1", List.of("hv-1", "hv-2")));
    }

    private static List<Command> afterIt() {
        return List.of(
                new ReturnCommand.BeginReturn(13, HOST, 1, "2 old copies destroyed"),
                new ReturnCommand.EndReturn(14, 5, HOST, 2, "enabled"),
                new ReserveCommand.BeginGiveBack(14, 5, new HostName("hv-3")),
                new ReserveCommand.GivenBack(14, 5, new HostName("hv-3"), "disabled"),
                new ReturnCommand.ReturnAgain(14, 5, HOST, 2, ONE, "holds it down"),
                new AzCommand.ReturnHost(14, HOST, "anna"),
                new TurnCommand.TakeTurn(14, HOST),
                new TurnCommand.EndTurn(14, HOST),
                new AzCommand.DisableAz(14));
    }

    private static List<Command> everyCommand() {
        var all = new ArrayList<Command>(throughAnIncident());
        all.addAll(afterIt());
        return all;
    }

    private static List<AgeStatement> said(long ageMs, long applied) {
        return List.of(new AgeStatement("hv-1@0000000000000001", HOST, 1, 0, applied, ageMs, true, false));
    }

    private static Stream<Class<?>> kinds(Class<?> kind) {
        return kind.isSealed()
                ? Stream.of(kind.getPermittedSubclasses()).flatMap(StateCodecTest::kinds)
                : Stream.of(kind);
    }

    @Test
    void everyKindOfCommandComesBackAsItWas() {
        var tried = new TreeSet<String>();
        for (Command command : everyCommand()) {
            assertThat(codec.decode(codec.encode(command))).isEqualTo(command);
            tried.add(command.getClass().getSimpleName());
        }

        assertThat(tried)
                .as("a new command needs a line here")
                .containsExactlyInAnyOrderElementsOf(
                        kinds(Command.class).map(Class::getSimpleName).toList());
    }

    @Test
    void everyStateOnTheWayThroughAnIncidentComesBackAsItWas() {
        RecoveryState state = RecoveryState.empty();
        var refusals = new ArrayList<String>();
        long index = 1;

        for (Command command : everyCommand()) {
            var applied = state.apply(new Entry(5, index++), command);
            applied.refusal().ifPresent(why -> refusals.add(command.getClass().getSimpleName() + ": " + why));
            state = applied.state();
            assertThat(codec.decodeState(codec.encode(state))).isEqualTo(state);
        }

        assertThat(refusals)
                .as("without voters no lease expires, a host is certified once, and no server was tried again")
                .hasSizeLessThan(15);
        assertThat(state.incidents().get(ONE).hosts().get(HOST).vms()).containsKey(VM);
    }

    @Test
    void aSnapshotOfAProgramThatKnewNothingOfLivingHostsIsRead() {
        RecoveryState state = RecoveryState.empty()
                .apply(new Entry(5, 1), everyCommand().get(0))
                .state();
        String older = new String(codec.encode(state), StandardCharsets.UTF_8)
                .replaceFirst(",\"upkeep\":\\{.*?\\]\\}", "")
                .replaceFirst(",\"restarts\":null", "");

        assertThat(older).doesNotContain("upkeep", "restarts");
        assertThat(codec.decodeState(older.getBytes(StandardCharsets.UTF_8))).isEqualTo(state);
    }

    @Test
    void anEntryOfANewerProgramStopsTheNodeInsteadOfBeingSkipped() {
        byte[] newer =
                io.vmha.proto.v1.LogEntry.newBuilder().setFormat(2).build().toByteArray();
        byte[] garbage = "not an entry".getBytes(StandardCharsets.UTF_8);

        assertThatThrownBy(() -> codec.decode(newer))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("upgrade");
        assertThatThrownBy(() -> codec.decode(garbage)).isInstanceOf(IllegalStateException.class);
    }
}

package io.vmha.node.documents;

import io.vmha.node.view.NodeView;
import io.vmha.node.view.NodeView.Peer;
import io.vmha.node.view.NodeView.PoolMember;
import io.vmha.node.view.RaftPeers;
import io.vmha.recovery.core.Applied;
import io.vmha.recovery.core.Arming;
import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.Certificate;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.Drain;
import io.vmha.recovery.core.DrainCommand;
import io.vmha.recovery.core.Ending;
import io.vmha.recovery.core.Entry;
import io.vmha.recovery.core.GroupRecord;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.HostRecord;
import io.vmha.recovery.core.HostRecovery;
import io.vmha.recovery.core.Incident;
import io.vmha.recovery.core.IncidentId;
import io.vmha.recovery.core.InstanceCommand;
import io.vmha.recovery.core.Limits;
import io.vmha.recovery.core.Move;
import io.vmha.recovery.core.Note;
import io.vmha.recovery.core.Proofs;
import io.vmha.recovery.core.Proving;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.ReserveUse;
import io.vmha.recovery.core.ServerId;
import io.vmha.recovery.core.StageTimes;
import io.vmha.recovery.core.VmBrief;
import io.vmha.recovery.core.VmRecovery;
import io.vmha.recovery.core.Witness;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/** Pictures of a node for tests: five hosts, three voters, and hv-3 lost with six VMs. */
public final class Samples {
    /** When the sample incident was declared: 2026-11-22T10:00:00Z. */
    public static final long OPENED_MS = 1_795_341_600_000L;

    private static final List<String> HOSTS = List.of("hv-1", "hv-2", "hv-3", "hv-4", "hv-5");
    private static final List<Peer> VOTERS = List.of(
            new Peer("hv-1", "10.0.0.1:8300"), new Peer("hv-2", "10.0.0.2:8300"), new Peer("hv-3", "10.0.0.3:8300"));

    private Samples() {}

    /** A node that belongs to no group. */
    public static NodeView alone() {
        return new NodeView(
                "hv-1",
                "10.0.0.1",
                Optional.empty(),
                "none",
                Optional.empty(),
                0,
                List.of(),
                List.of(member(1, 1)),
                Optional.empty(),
                OptionalLong.empty(),
                NodeView.OwnLease.NONE,
                List.of());
    }

    /** All five hosts well, hv-2 leads. */
    public static NodeView quiet() {
        return view(Optional.of(VOTERS.get(1)), members(1), state(new TreeMap<>(), HostRecord.Status.IN_SERVICE));
    }

    /** Two of three voters gone: nobody leads. */
    public static NodeView leaderless() {
        var members = new ArrayList<>(members(4));
        members.set(1, member(2, 4));
        return view(Optional.empty(), members, state(new TreeMap<>(), HostRecord.Status.IN_SERVICE));
    }

    /** hv-3 is certified and its VMs are on their way. */
    public static NodeView recovering() {
        return view(
                Optional.of(VOTERS.get(1)), members(4), state(incidents(underWay()), HostRecord.Status.IN_RECOVERY));
    }

    /** The incident is above the limits and held. */
    public static NodeView held() {
        var host = recovery(false, new TreeMap<>());
        var incident = new Incident(
                new IncidentId(7),
                Incident.Phase.HELD,
                Optional.of("3 of 5 hosts are lost and the limit is 49 %; a person must approve"),
                OPENED_MS,
                0,
                hosts(host),
                List.of(new Note(OPENED_MS, 41, "declared dead: hv-3")));
        return view(Optional.of(VOTERS.get(1)), members(4), state(incidents(incident), HostRecord.Status.IN_RECOVERY));
    }

    /** Every VM of hv-3 has its ending. */
    public static NodeView recovered() {
        return view(Optional.of(VOTERS.get(1)), members(4), state(incidents(closed()), HostRecord.Status.DOWN));
    }

    /** A VM that was restarted in place, a nova-compute that is down, a host being drained; nothing else. */
    public static NodeView tended() {
        return drained(Move.Step.MOVED, "hv-3", "1 of 1 VMs moved");
    }

    /** The same, but its VM has stayed where it is. */
    public static NodeView drainedInVain() {
        return drained(Move.Step.LEFT, "Nova has failed three times", "0 of 1 VMs moved");
    }

    private static NodeView drained(Move.Step step, String detail, String summary) {
        var vm = new ServerId("7d2c1a90-0000-4000-8000-000000000077");
        var one = new HostName("hv-1");
        RecoveryState state = quiet().state().orElseThrow();
        long index = 61;
        for (Command command : List.of(
                new InstanceCommand.ReportFallen(OPENED_MS, one, 1, vm, "libvirt says shut off (crashed)"),
                new InstanceCommand.BeginRestart(OPENED_MS + 900, 7, vm, "db"),
                new InstanceCommand.ReportRunning(OPENED_MS + 2_000, one, 1, vm),
                new InstanceCommand.EndRestart(
                        OPENED_MS + 2_500, 7, vm, InstanceCommand.EndRestart.Outcome.RUNNING, "it runs again on hv-1"),
                new InstanceCommand.NoteCompute(OPENED_MS, 7, new HostName("hv-2"), true, "its nova-compute is down"),
                new DrainCommand.BeginDrain(OPENED_MS, one, new Drain.Order("ada", false, 2)),
                new DrainCommand.PlanMoves(OPENED_MS, 7, one, List.of(new Move(vm, "db", Move.Step.WAITING, 0, 0, ""))),
                new DrainCommand.BeginMove(OPENED_MS, 7, one, vm, false),
                new DrainCommand.EndMove(OPENED_MS, 7, one, vm, step, detail),
                new DrainCommand.EndDrain(OPENED_MS, 7, one, Drain.Phase.DRAINED, summary))) {
            Applied applied = state.apply(new Entry(7, index++), command);
            applied.refusal().ifPresent(why -> {
                throw new AssertionError(command + " was refused: " + why);
            });
            state = applied.state();
        }
        return view(quiet().leader(), quiet().members(), state);
    }

    /** hv-4 stands in for hv-3, which has not come back since its incident was closed. */
    public static NodeView reserveInUse() {
        var use = new ReserveUse(
                new HostName("hv-4"),
                new IncidentId(7),
                new HostName("hv-3"),
                false,
                ReserveUse.Step.IN_USE,
                "Nova schedules to it");
        RecoveryState closed = recovered().state().orElseThrow();
        GroupRecord group = closed.group();
        var reserves = new TreeMap<HostName, ReserveUse>();
        reserves.put(use.host(), use);
        var state = new RecoveryState(
                closed.applied(),
                closed.az(),
                closed.hosts(),
                closed.incidents(),
                closed.nextIncident(),
                new GroupRecord(
                        group.electorate(),
                        group.turn(),
                        group.epochFloor(),
                        group.fenceTrial(),
                        reserves,
                        group.agreedLevel()));
        return view(recovered().leader(), recovered().members(), state);
    }

    /** hv-1 has no guard, and its AZ needs none. */
    public static NodeView withoutGuard() {
        NodeView quiet = quiet();
        return view(
                quiet.leader(),
                quiet.members(),
                quiet.state().orElseThrow(),
                new NodeView.OwnLease("held", 1, 4_200, "bmc", false, "there is no guard", ""));
    }

    private static NodeView view(Optional<Peer> leader, List<PoolMember> members, RecoveryState state) {
        return view(
                leader,
                members,
                state,
                new NodeView.OwnLease("held", 1, 4_200, "bmc,lease", true, "guard", "3 VMs run, 0 paused"));
    }

    private static NodeView view(
            Optional<Peer> leader, List<PoolMember> members, RecoveryState state, NodeView.OwnLease lease) {
        return new NodeView(
                "hv-1",
                "10.0.0.1",
                Optional.of("9f1c0f6e-3b0e-4f0c-9a59-0f2d6f1f7c11"),
                "follower",
                leader,
                7,
                VOTERS,
                members,
                Optional.of(state),
                OptionalLong.of(120),
                lease,
                List.of());
    }

    private static List<PoolMember> members(int statusOfThird) {
        var members = new ArrayList<PoolMember>();
        for (int i = 1; i <= HOSTS.size(); i++) {
            members.add(member(i, i == 3 ? statusOfThird : 1));
        }
        return members;
    }

    private static PoolMember member(int number, int status) {
        var tags = new TreeMap<String, String>();
        tags.put("az", "az1");
        tags.put("dc", "dc1");
        tags.put("host", "hv-" + number);
        return new PoolMember("hv-" + number, "10.0.0." + number, 8301, tags, status, false, 1, 5, 2, 2, 5, 4);
    }

    private static RecoveryState state(SortedMap<IncidentId, Incident> incidents, HostRecord.Status third) {
        var az = new AzSettings(
                "az1", 12, "9f1c0f6e-3b0e-4f0c-9a59-0f2d6f1f7c11", true, true, true, Limits.DEFAULT, Proofs.BMC);
        var hosts = new TreeMap<HostName, HostRecord>();
        for (String name : HOSTS) {
            var status = name.equals("hv-3") ? third : HostRecord.Status.IN_SERVICE;
            hosts.put(
                    new HostName(name),
                    new HostRecord(new HostName(name), 1, status, name.equals("hv-5"), Arming.UNREPORTED));
        }
        return new RecoveryState(
                new Entry(7, 60),
                Optional.of(az),
                hosts,
                incidents,
                8,
                RecoveryState.empty().group());
    }

    private static SortedMap<IncidentId, Incident> incidents(Incident incident) {
        var incidents = new TreeMap<IncidentId, Incident>();
        incidents.put(incident.id(), incident);
        return incidents;
    }

    private static SortedMap<HostName, HostRecovery> hosts(HostRecovery host) {
        var hosts = new TreeMap<HostName, HostRecovery>();
        hosts.put(host.host(), host);
        return hosts;
    }

    private static HostRecovery recovery(boolean certified, SortedMap<ServerId, VmRecovery> vms) {
        var host = new HostName("hv-3");
        var certificate = new Certificate(
                host, 1, Certificate.Proof.POWER_OFF, "fence_ipmilan: Chassis Power is off", 7, 44, OPENED_MS + 1_900);
        return new HostRecovery(
                host,
                1,
                List.of(
                        new Witness("renewals at hv-1", "silent for 3.1 s"),
                        new Witness("renewals at hv-2", "silent for 3.2 s"),
                        new Witness("gossip", "failed")),
                certified ? 1 : 0,
                0,
                certified ? Optional.of(certificate) : Optional.empty(),
                certified,
                0,
                certified,
                certified,
                vms,
                Proving.NOT_BEGUN,
                certified
                        ? new StageTimes(OPENED_MS + 2_100, OPENED_MS + 2_400, OPENED_MS + 2_600)
                        : new StageTimes(0, 0, 0));
    }

    private static Incident underWay() {
        var vms = new TreeMap<ServerId, VmRecovery>();
        put(vms, vm(0, "db-1", VmRecovery.Step.ENDED, Optional.of(new Ending(Ending.Kind.RECOVERED, "hv-1")), 14_200));
        put(vms, vm(1, "web-1", VmRecovery.Step.ACCEPTED, Optional.empty(), 0));
        put(vms, vm(2, "web-2", VmRecovery.Step.CALLING, Optional.empty(), 0));
        put(vms, vm(3, "<script>alert(1)</script>", VmRecovery.Step.PLANNED, Optional.empty(), 0));
        put(
                vms,
                vm(
                        4,
                        "scratch",
                        VmRecovery.Step.ENDED,
                        Optional.of(new Ending(Ending.Kind.LEFT, "its metadata says HA_Enabled=false")),
                        0));
        put(
                vms,
                vm(
                        5,
                        "old",
                        VmRecovery.Step.ENDED,
                        Optional.of(new Ending(Ending.Kind.FAILED, "5 attempts: No valid host")),
                        31_000));
        return new Incident(
                new IncidentId(7),
                Incident.Phase.OPEN,
                Optional.empty(),
                OPENED_MS,
                0,
                hosts(recovery(true, vms)),
                story());
    }

    private static Incident closed() {
        var vms = new TreeMap<ServerId, VmRecovery>();
        for (int i = 0; i < 6; i++) {
            put(
                    vms,
                    vm(
                            i,
                            "web-" + (i + 1),
                            VmRecovery.Step.ENDED,
                            Optional.of(new Ending(Ending.Kind.RECOVERED, HOSTS.get(i % 2))),
                            9_000 + i * 1_500));
        }
        return new Incident(
                new IncidentId(7),
                Incident.Phase.CLOSED,
                Optional.empty(),
                OPENED_MS,
                OPENED_MS + 17_000,
                hosts(recovery(true, vms)),
                story());
    }

    private static List<Note> story() {
        return List.of(
                new Note(OPENED_MS, 41, "declared dead: hv-3"),
                new Note(OPENED_MS, 41, "hv-3: gossip says failed"),
                new Note(OPENED_MS + 40, 42, "hv-3: powering off through its BMC"),
                new Note(
                        OPENED_MS + 1_900,
                        44,
                        "hv-3: certificate POWER_OFF for epoch 1: Chassis Power is off (1730 ms)"),
                new Note(
                        OPENED_MS + 2_300, 45, "hv-3: certificate applied by [hv-1, hv-2], and the BMC says off again"),
                new Note(OPENED_MS + 2_900, 47, "hv-3: forced down and disabled"),
                new Note(OPENED_MS + 3_300, 48, "hv-3: plan: 5 VMs to evacuate, 1 left on purpose"));
    }

    private static void put(SortedMap<ServerId, VmRecovery> vms, VmRecovery vm) {
        vms.put(vm.server(), vm);
    }

    private static VmRecovery vm(int order, String name, VmRecovery.Step step, Optional<Ending> ending, long endedMs) {
        boolean asked = step != VmRecovery.Step.PLANNED && endedMs >= 0;
        return new VmRecovery(
                new ServerId("11111111-0000-4000-8000-00000000000" + order),
                VmBrief.plain(name, "ACTIVE", order),
                step,
                asked ? 1 : 0,
                0,
                50 + order,
                0,
                step == VmRecovery.Step.ACCEPTED ? OptionalLong.of(90 + order) : OptionalLong.empty(),
                ending,
                asked ? OPENED_MS + 3_500 + order * 50L : 0,
                endedMs > 0 ? OPENED_MS + endedMs : 0);
    }

    /** Two voters, one of which did not answer. */
    public static RaftPeers raftPeers() {
        return new RaftPeers(
                Optional.of("6a4f2f5e-0000-4000-8000-000000000001"),
                4,
                12,
                List.of(
                        new RaftPeers.RaftPeer(
                                "hv-1",
                                "hv-1@00000000000000a1",
                                "10.0.0.1:8300",
                                "r1",
                                true,
                                "alive",
                                OptionalLong.of(97),
                                Optional.of("ab".repeat(32)),
                                "0.1.0",
                                2),
                        new RaftPeers.RaftPeer(
                                "hv-2",
                                "hv-2@00000000000000a2",
                                "10.0.0.2:8300",
                                "",
                                false,
                                "failed",
                                OptionalLong.empty(),
                                Optional.empty(),
                                "0.0.9",
                                1)),
                new RaftPeers.Levels(1, 2, List.of("hv-2 (vmhad 0.0.9, level 1)"), List.of(4L)));
    }
}

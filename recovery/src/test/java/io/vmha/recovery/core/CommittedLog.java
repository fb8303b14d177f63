package io.vmha.recovery.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/** A replicated log as a unit test needs it: every command is committed at once, at the next index, in a term that the test sets. */
final class CommittedLog {
    static final String AZ = "az1";
    static final Limits ROOMY = new Limits(4, 100);

    private RecoveryState state;
    private long term = 1;
    private long index;

    CommittedLog() {
        this(FeatureLevel.newest());
    }

    private CommittedLog(int level) {
        state = RecoveryState.emptyAt(level);
    }

    /** The log of a group whose AZ has the hosts hv-1 … hv-n, armed, with shared instances. */
    static CommittedLog of(int hosts, Limits limits) {
        return of(hosts, limits, FeatureLevel.newest());
    }

    /** The same of a group that has members of older builds. */
    static CommittedLog of(int hosts, Limits limits, int level) {
        var log = new CommittedLog(level);
        log.accept(new AzCommand.EnableAz(0, settings(limits), hosts(hosts)));
        return log;
    }

    static AzSettings settings(Limits limits) {
        return new AzSettings(AZ, 1, "group-1", true, true, true, limits, Proofs.BMC);
    }

    /** These peers vote from the next entry on. */
    void configure(String... peers) {
        configureJoint(List.of(peers), List.of());
    }

    void configureJoint(List<String> voters, List<String> outgoing) {
        index++;
        state = state.configured(
                new Entry(term, index), new Electorate(new TreeSet<>(voters), new TreeSet<>(outgoing), index));
    }

    /** The AZ relies on leases too, and the host has said that it fences itself. */
    CommittedLog arm(HostName host) {
        AzSettings az = state.az().orElseThrow();
        var both = new AzSettings(
                az.name(), az.aggregateId(), az.groupId(), true, true, az.instancesShared(), az.limits(), Proofs.BOTH);
        accept(new AzCommand.EnableAz(0, both, List.copyOf(state.hosts().keySet())));
        return accept(new ProofCommand.NoteArming(0, term, host, 1, new Arming(true, "guard")));
    }

    /** What these voters would say now, had they not answered the first life of a host for so long. */
    List<AgeStatement> statements(HostName host, long ageMs, String... voters) {
        long configuration = state.group().electorate().index();
        boolean sealed = state.isSealed(host, 1);
        return Stream.of(voters)
                .map(v -> new AgeStatement(v, host, 1, configuration, index, ageMs, sealed, false))
                .toList();
    }

    ProofCommand.Seal seal(IncidentId id, HostName host) {
        return new ProofCommand.Seal(2_000, term, id, host, 1, statements(host, 2_000, "a", "b"));
    }

    static List<HostName> hosts(int count) {
        var names = new ArrayList<HostName>();
        for (int i = 1; i <= count; i++) {
            names.add(hv(i));
        }
        return names;
    }

    static HostName hv(int number) {
        return new HostName("hv-" + number);
    }

    static ServerId vm(int number) {
        return new ServerId("vm-" + number);
    }

    static BmcStatement off(HostName host) {
        return new BmcStatement(host, PowerState.OFF, true, "chassis power is off", 100);
    }

    RecoveryState state() {
        return state;
    }

    long term() {
        return term;
    }

    long index() {
        return index;
    }

    Incident incident(IncidentId id) {
        return state.incidents().get(id);
    }

    VmRecovery vm(IncidentId id, HostName host, ServerId server) {
        return incident(id).hosts().get(host).vms().get(server);
    }

    void newTerm() {
        term++;
    }

    Applied apply(Command command) {
        index++;
        Applied applied = state.apply(new Entry(term, index), command);
        state = applied.state();
        return applied;
    }

    CommittedLog accept(Command command) {
        assertThat(apply(command).refusal()).as("refusal of %s", command).isEmpty();
        return this;
    }

    /** Applies a command that must be refused, and must not change anything but the index. */
    String refuse(Command command) {
        RecoveryState before = state;

        Optional<String> refusal = apply(command).refusal();

        assertThat(refusal).as("refusal of %s", command).isPresent();
        assertThat(state).isEqualTo(before.at(new Entry(term, index)));
        return refusal.get();
    }

    IncidentId declare(HostName... dead) {
        accept(declaration(dead));
        return new IncidentId(state.nextIncident() - 1);
    }

    IncidentCommand.DeclareIncident declaration(HostName... dead) {
        var witnesses = new TreeMap<HostName, List<Witness>>();
        for (HostName host : dead) {
            witnesses.put(host, List.of(new Witness("gossip", "FAILED")));
        }
        return new IncidentCommand.DeclareIncident(1_000, term, witnesses);
    }

    IncidentCommand.BeginFence beginFence(IncidentId id, HostName host) {
        return new IncidentCommand.BeginFence(2_000, term, id, host);
    }

    IncidentCommand.Certify certify(IncidentId id, HostName host) {
        return new IncidentCommand.Certify(3_000, term, id, host, 1, off(host));
    }

    IncidentCommand.ConfirmOff confirmOff(IncidentId id, HostName host, List<String> voters, int of) {
        return new IncidentCommand.ConfirmOff(4_000, term, id, host, voters, of, off(host));
    }

    IncidentCommand.BeginForceDown beginForceDown(IncidentId id, HostName host) {
        return new IncidentCommand.BeginForceDown(5_000, term, id, host);
    }

    IncidentCommand.RecordPlan plan(IncidentId id, HostName host, int... vms) {
        var plan = new ArrayList<VmRecovery>();
        for (int vm : vms) {
            plan.add(VmRecovery.planned(vm(vm), "name-" + vm, "ACTIVE", plan.size(), 0));
        }
        return new IncidentCommand.RecordPlan(7_000, term, id, host, plan, List.of());
    }

    VmCommand.BeginEvacuation begin(IncidentId id, HostName host, int vm) {
        return new VmCommand.BeginEvacuation(8_000, term, id, host, vm(vm));
    }

    /** Nova took the attempt that is open now. */
    VmCommand.EvacuationAccepted accepted(IncidentId id, HostName host, int vm) {
        long intent = vm(id, host, vm(vm)).intentIndex();
        return new VmCommand.EvacuationAccepted(9_000, term, id, host, vm(vm), intent, OptionalLong.of(41), "");
    }

    /** The attempt that is open now has failed. */
    VmCommand.AttemptFailed failed(IncidentId id, HostName host, int vm, boolean called) {
        long intent = vm(id, host, vm(vm)).intentIndex();
        return new VmCommand.AttemptFailed(9_000, term, id, host, vm(vm), intent, 41, called, false, "no valid host");
    }

    VmCommand.VmSettled settled(IncidentId id, HostName host, int vm, String trouble) {
        return new VmCommand.VmSettled(10_500, term, id, host, vm(vm), "unlocked", trouble);
    }

    VmCommand.VmEnded ended(IncidentId id, HostName host, int vm) {
        return new VmCommand.VmEnded(10_000, term, id, host, vm(vm), Ending.recovered(hv(9)));
    }

    IncidentCommand.CloseIncident close(IncidentId id) {
        return new IncidentCommand.CloseIncident(11_000, term, id);
    }

    /** Moves the host to the point where its VMs may be planned. */
    CommittedLog proveDown(IncidentId id, HostName host) {
        accept(beginFence(id, host));
        accept(certify(id, host));
        return proveRest(id, host);
    }

    /** What is missing after the certificate. */
    CommittedLog proveRest(IncidentId id, HostName host) {
        accept(confirmOff(id, host, List.of("a", "b"), 3));
        accept(beginForceDown(id, host));
        return accept(new IncidentCommand.ForcedDown(6_000, term, id, host, "down"));
    }
}

package io.vmha.sim.recovery;

import io.vmha.recovery.core.AzCommand;
import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.EvacuationPolicy;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.HostRecord;
import io.vmha.recovery.core.Incident;
import io.vmha.recovery.core.IncidentCommand;
import io.vmha.recovery.core.ProofCommand;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.ReserveWork;
import io.vmha.recovery.core.ReservedHosts;
import io.vmha.recovery.core.Server;
import io.vmha.recovery.core.ServerId;
import io.vmha.recovery.core.Sweep;
import io.vmha.sim.Dice;
import io.vmha.sim.Simulation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongConsumer;

/** One AZ in virtual time: machines, agents, log, Nova, network, and the rules that watch them. */
final class Cluster {
    /** The status that Nova's API shows for a vm_state, where it is another word: api/openstack/common.py. */
    private static final Map<String, String> STATUS =
            Map.of("stopped", "SHUTOFF", "rescued", "RESCUE", "resized", "VERIFY_RESIZE", "building", "BUILD");

    private static final long BOOT_LEAST_MS = 15_000;
    private static final long BOOT_MOST_MS = 40_000;

    private final Simulation sim;
    private final Scenario scenario;
    private final Mutant mutant;
    private final Dice dice;
    private final Ledger ledger;
    private final Network network = new Network();
    private final SortedMap<HostName, Machine> machines = new TreeMap<>();
    private final SortedMap<HostName, Agent> agents = new TreeMap<>();
    private final List<HostName> hosts;
    private final List<Agent> everybody;
    private final SimulatedNova nova;
    private final Rules rules;
    private final Raft raft;
    private final Renewals renewals;
    private final LeaseRules leaseRules;
    private final ReturnRules returnRules;
    private final UpkeepRules upkeepRules;
    private final GuestRules guestRules;
    /** The hosts that are kept free for lost ones. */
    private final List<HostName> reserved;

    private final boolean reservedJoin;
    private final SortedMap<HostName, HostGate> gates = new TreeMap<>();
    private boolean returnsByItself;
    private NovaFault novaFault = NovaFault.HEALTHY;
    private LongConsumer onPoint = point -> {};
    private long points;
    private boolean enabled;
    private final boolean instancesShared;

    Cluster(Simulation sim, Scenario scenario, Mutant mutant) {
        this.sim = sim;
        this.scenario = scenario;
        this.mutant = mutant;
        this.dice = sim.dice("cluster");
        this.ledger = new Ledger(sim);
        for (int i = 1; i <= scenario.hosts(); i++) {
            var host = new HostName("hv-" + i);
            machines.put(host, new Machine(sim, host, ledger));
            agents.put(
                    host,
                    new Agent(
                            sim,
                            host,
                            mutant,
                            new LeasedHost(
                                    sim,
                                    mutant,
                                    ledger,
                                    host,
                                    scenario.trust().proofs().lease())));
            leased(host).onWatchdog(() -> reset(host));
        }
        this.hosts = List.copyOf(machines.keySet());
        this.everybody = List.copyOf(agents.values());
        this.nova = new SimulatedNova(
                sim, network, ledger, machines, host -> leased(host).mayStart());
        this.rules = new Rules(sim, this);
        this.raft = new Raft(sim, network, agents, scenario, mutant.applier(), rules);
        nova.lives(host -> Optional.ofNullable(raft.latest().hosts().get(host))
                .map(HostRecord::epoch)
                .orElse(1L));
        this.renewals = new Renewals(sim, network, machines, agents, raft);
        this.leaseRules = new LeaseRules(sim, this);
        this.returnRules = new ReturnRules(sim, this);
        this.upkeepRules = new UpkeepRules(sim, this);
        this.guestRules = new GuestRules(sim, this);
        this.returnsByItself = scenario.trust().script() != Scenario.Script.STRAY_COPIES;
        machines.keySet().forEach(host -> gates.put(host, new HostGate(sim, this, host)));
        sim.every(1_000, 1_000, "gates are looked after", () -> gates.values().forEach(HostGate::look));
        if (scenario.trust().script() == Scenario.Script.GUESTS_DIE) {
            List<HostGuests> guests =
                    hosts.stream().map(host -> new HostGuests(sim, this, host)).toList();
            sim.every(1_000, 1_000, "guests are looked after", () -> guests.forEach(HostGuests::look));
        }
        machines.forEach((host, machine) -> machine.onPowerLost(() -> {
            agents.get(host).kill();
            leased(host).onPowerLost();
        }));
        agents.forEach((host, agent) -> agent.join(raft, new AgentPorts(this, sim, host)));
        this.instancesShared = dice.chance(50);
        this.reserved = scenario.trust().script() == Scenario.Script.RESERVES
                ? hosts.subList(hosts.size() - 2, hosts.size())
                : List.of();
        this.reservedJoin = !reserved.isEmpty() && dice.chance(50);
        reserved.forEach(host -> nova.disable(host, ReserveWork.REASON));
        hosts.stream().filter(host -> !reservedJoin || !reserved.contains(host)).forEach(nova::join);
        createServers();
        if (dice.chance(30)) {
            nova.disable(dice.pick(hosts), "ada: its fan is loud");
        }
        sim.every(500, 500, "the operator looks", this::enable);
        if (!reserved.isEmpty()) {
            sim.every(3_000, 3_000, "the aggregate is read", this::readAggregate);
        }
    }

    private void createServers() {
        int number = 0;
        for (HostName host : machines.keySet()) {
            for (int i = 0; !reserved.contains(host) && i < scenario.vmsPerHost(); i++) {
                number++;
                Server server = anyServer(new ServerId("vm-" + number), host);
                guestRules.onMade(server);
                nova.create(server);
            }
        }
    }

    /** Mostly plain ones; the others in every state in which their host may die. */
    private Server anyServer(ServerId id, HostName host) {
        boolean manyRest = scenario.trust().script() == Scenario.Script.RESTS_ARE_LOST;
        String state = dice.chance(manyRest ? 20 : 80)
                ? "active"
                : dice.pick(List.of(
                        "stopped", "error", "paused", "suspended", "rescued", "resized", "shelved", "building"));
        Optional<String> task = dice.chance(8)
                ? Optional.of(
                        dice.pick(List.of("rebooting", "powering-off", "image_snapshot", "deleting", "migrating")))
                : Optional.empty();
        Map<String, String> metadata = dice.chance(5) ? Map.of("HA_Enabled", "false") : Map.of();
        return new Server(
                id,
                "name-" + id,
                host,
                STATUS.getOrDefault(state, state.toUpperCase(Locale.ROOT)),
                state,
                task,
                dice.chance(8),
                dice.chance(90),
                metadata);
    }

    private void enable() {
        if (!enabled) {
            var az = new AzSettings(
                    "az1",
                    1,
                    "group-1",
                    true,
                    true,
                    instancesShared,
                    scenario.limits(),
                    scenario.trust().proofs(),
                    policy());
            enabled = raft.ask(
                    new AzCommand.EnableAz(wallMs(), az, nova.aggregate().hosts()));
        }
    }

    private EvacuationPolicy policy() {
        EvacuationPolicy usual = EvacuationPolicy.DEFAULT;
        return new EvacuationPolicy(
                usual.taggedOnly(),
                usual.rebuild(),
                usual.projects(),
                usual.leaveProjects(),
                usual.leaveNames(),
                usual.leaveImageTags(),
                new ReservedHosts(reserved, reservedJoin));
    }

    /** What the leader's follower of the aggregate does. */
    private void readAggregate() {
        List<HostName> now = nova.aggregate().hosts();
        boolean more = !raft.latest().hosts().keySet().containsAll(now);
        boolean fewer = raft.latest().hosts().values().stream()
                .anyMatch(h -> h.status() == HostRecord.Status.IN_SERVICE && !now.contains(h.host()));
        if (enabled && (more || fewer)) {
            raft.ask(term -> new AzCommand.SetHosts(wallMs(), term, now));
        }
    }

    List<HostName> reserved() {
        return reserved;
    }

    HostGate gate(HostName host) {
        return gates.get(host);
    }

    GuestRules guestRules() {
        return guestRules;
    }

    UpkeepRules upkeepRules() {
        return upkeepRules;
    }

    /** The truth, which the operator has told: whether every host reaches the disks of servers that boot from an image. */
    boolean instancesShared() {
        return instancesShared;
    }

    long wallMs() {
        return 1_000_000_000L + sim.nowMs();
    }

    Scenario scenario() {
        return scenario;
    }

    Mutant mutant() {
        return mutant;
    }

    Network network() {
        return network;
    }

    SimulatedNova nova() {
        return nova;
    }

    Raft raft() {
        return raft;
    }

    Rules rules() {
        return rules;
    }

    Renewals renewals() {
        return renewals;
    }

    Ledger ledger() {
        return ledger;
    }

    Machine machine(HostName host) {
        return machines.get(host);
    }

    Agent agent(HostName host) {
        return agents.get(host);
    }

    List<HostName> hosts() {
        return hosts;
    }

    /** Everybody who may ever vote. */
    List<Agent> agents() {
        return everybody;
    }

    LeasedHost leased(HostName host) {
        return agents.get(host).leased();
    }

    LeaseRules leaseRules() {
        return leaseRules;
    }

    long nowMs() {
        return sim.nowMs();
    }

    NovaFault novaFault() {
        return novaFault;
    }

    void set(NovaFault fault) {
        novaFault = fault;
    }

    List<Agent> votersThatAnswer(HostName asker) {
        return raft.members().stream()
                .filter(v -> v.isRunning() && network.connects(asker, v.host()))
                .toList();
    }

    /** Something has been committed or has taken effect: a place at which a leader may die. */
    void point() {
        points++;
        onPoint.accept(points);
    }

    long points() {
        return points;
    }

    void onPoint(LongConsumer listener) {
        onPoint = listener;
    }

    /** The machine boots and its agent starts; its nova-compute and its VMs wait at the gate. */
    void switchOn(HostName host) {
        Machine machine = machines.get(host);
        if (!machine.isOn()) {
            machine.switchOn();
            sim.after(dice.between(BOOT_LEAST_MS, BOOT_MOST_MS), "booted", () -> {
                if (machine.isOn() && !machine.isUp()) {
                    machine.boot();
                    startAgent(host);
                }
            });
        }
    }

    void startAgent(HostName host) {
        if (!agents.get(host).isAlive()) {
            agents.get(host).restart();
            renewals.onVoterStart(host);
            renewals.renewNow(host);
        }
    }

    /** The agent is started again by systemd, unless its machine has gone meanwhile. */
    void restartAgent(HostName host, long afterMs) {
        sim.after(afterMs, "the agent is restarted", () -> {
            if (machines.get(host).isUp()) {
                startAgent(host);
            }
        });
    }

    /** The watchdog bites: the machine is off for a moment and boots. */
    private void reset(HostName host) {
        machines.get(host).losePower("its watchdog");
        switchOn(host);
    }

    /** The newest state that a voter in reach of this agent has applied; empty if there is none. */
    Optional<RecoveryState> stateKnownAt(Agent agent) {
        int newest = raft.isMember(agent) ? agent.applied() : 0;
        if (newest == 0) {
            newest = votersThatAnswer(agent.host()).stream()
                    .mapToInt(Agent::applied)
                    .max()
                    .orElse(0);
        }
        return newest == 0 ? Optional.empty() : Optional.of(raft.state(newest));
    }

    Sweep.Homes homes(Agent agent, Replay<?> replay) {
        return agent.ports().homes(replay);
    }

    ReturnRules returnRules() {
        return returnRules;
    }

    /** Whether hosts that were recovered come back without a person ({@code gate.return}). */
    boolean returnsByItself() {
        return returnsByItself;
    }

    /** Everything is repaired: what is off stays off only if it is down for good. */
    void heal() {
        sim.tell("all faults end");
        network.heal();
        novaFault = NovaFault.HEALTHY;
        nova.setSpawnFailures(0);
        raft.setTrouble(0);
        machines.forEach((host, machine) -> {
            machine.set(Machine.BmcFault.NONE);
            if (machine.isUp()) {
                startAgent(host);
            }
        });
        // a dead machine that is a voter comes back, so that a quorum exists again
        raft.members().forEach(v -> switchOn(v.host()));
        // most others are repaired as well, sooner or later
        machines.keySet().stream()
                .filter(host -> dice.chance(70))
                .forEach(host -> sim.after(dice.between(0, 60_000), "repaired", () -> switchOn(host)));
        returnsByItself = true;
        sim.every(5_000, 5_000, "a person looks after it", this::lookAfter);
    }

    private void lookAfter() {
        nova.resetForgotten();
        nova.moves()
                .mend(host -> Optional.ofNullable(raft.latest().hosts().get(host))
                        .filter(h -> h.status() == HostRecord.Status.DOWN)
                        .isPresent());
        if (raft.leader().isEmpty()) {
            // recoveries have powered off too many voters: somebody switches them on, their gates stay closed
            raft.members().forEach(v -> switchOn(v.host()));
        }
        if (!raft.latest().az().map(AzSettings::armed).orElse(true)) {
            raft.ask(new AzCommand.SetArmed(wallMs(), true));
        }
        raft.latest().hosts().values().stream()
                .filter(HostRecord::maintenance)
                .forEach(h -> raft.ask(new AzCommand.SetMaintenance(wallMs(), h.host(), false)));
        confirmTheDead();
        raft.latest().openIncidents().stream()
                .filter(i -> i.phase() == Incident.Phase.HELD)
                .forEach(i -> raft.ask(new IncidentCommand.ApproveIncident(wallMs(), i.id(), "ada")));
    }

    /** Where nothing else can prove it, a person seals it, then goes to the machine, sees that it is off, and says so (S2, OPERATOR). */
    private void confirmTheDead() {
        if (raft.leader().isEmpty()) {
            return; // nobody would hear it
        }
        for (Incident incident : raft.latest().openIncidents()) {
            incident.hosts().values().stream()
                    .filter(h -> h.certificate().isEmpty()
                            && h.proving().personAsked().isPresent())
                    .forEach(h -> {
                        if (h.proving().sealApplied()) {
                            machines.get(h.host()).losePower("a person pulled the plug");
                            raft.ask(new ProofCommand.ConfirmDown(wallMs(), h.host(), "ada"));
                        } else {
                            raft.ask(new ProofCommand.SealForWord(wallMs(), h.host(), "ada"));
                        }
                    });
        }
    }

    /** What has not come to its end yet; empty when all is settled. */
    List<String> unsettled() {
        var open = new ArrayList<String>();
        raft.latest()
                .openIncidents()
                .forEach(i -> open.add("incident " + i.id() + " is " + i.phase() + ": "
                        + i.hosts().values().stream()
                                .map(h -> h.host() + " certificate="
                                        + h.certificate().isPresent() + " confirmed="
                                        + h.confirmed() + " down=" + h.forcedDown() + " planned=" + h.planned() + " "
                                        + h.vms().values().stream()
                                                .filter(vm -> !vm.hasEnded())
                                                .toList())
                                .toList()));
        raft.latest().hosts().values().stream()
                .filter(h -> h.status() == HostRecord.Status.IN_SERVICE
                        && !machines.get(h.host()).isOn())
                .forEach(h -> open.add(h.host() + " is off and nobody has noticed"));
        raft.latest().hosts().values().stream()
                .filter(h -> machines.get(h.host()).isUp() && h.status() != HostRecord.Status.IN_SERVICE)
                .forEach(h -> open.add(h.host() + " is up and does not come back: " + h));
        raft.latest().hosts().values().stream()
                .filter(h -> h.status() == HostRecord.Status.IN_SERVICE
                        && (nova.isForcedDown(h.host())
                                || nova.disabledFor(h.host())
                                        .map(why -> why.startsWith("vmha: incident"))
                                        .orElse(false)))
                .forEach(
                        h -> open.add(h.host() + " is in service, and Nova holds it down or disabled for an incident"));
        open.addAll(upkeepRules.unsettled());
        open.addAll(guestRules.unsettled());
        return open;
    }
}

package io.vmha.sim.verdict;

import io.vmha.gossip.observe.ObserverRing;
import io.vmha.recovery.core.Action;
import io.vmha.recovery.core.AzCommand;
import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.BmcStatement;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.Entry;
import io.vmha.recovery.core.Finding;
import io.vmha.recovery.core.GossipSign;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.IncidentCommand;
import io.vmha.recovery.core.Limits;
import io.vmha.recovery.core.Outbox;
import io.vmha.recovery.core.PowerState;
import io.vmha.recovery.core.Proofs;
import io.vmha.recovery.core.RecoveryConfig;
import io.vmha.recovery.core.RecoveryController;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.Result;
import io.vmha.recovery.core.Sighting;
import io.vmha.recovery.core.Testimony;
import io.vmha.sim.Dice;
import io.vmha.sim.Simulation;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/** The hosts of one AZ, five voters among them, and the leader with its controller; what it finds and declares is noted with its time. */
final class VerdictPool {
    private static final int VOTERS = 5;
    private static final long RENEWAL_LIMIT_MS = 900;
    private static final long[] TCP_TRIES_MS = {0, 200, 600};
    private static final long ASK_LIMIT_MS = 1_500;
    private static final int BMC_THREADS = 8;
    private static final long GOSSIP_FAILS_MS = 6_000;

    private final Simulation sim;
    private final VerdictCell cell;
    private final Dice network;
    private final Dice bmcs;
    private final Map<HostName, SimulatedHost> hosts = new TreeMap<>();
    private final List<SimulatedHost> voters = new ArrayList<>();
    private final Map<HostName, Map<HostName, Long>> heardAtMs = new TreeMap<>();
    private final SortedMap<HostName, Long> unheardAtMs = new TreeMap<>();
    private final SortedMap<HostName, Long> declaredAtMs = new TreeMap<>();
    private final Map<HostName, Long> troubledAtMs = new TreeMap<>();
    private final Deque<Runnable> bmcQueue = new ArrayDeque<>();
    private final SimulatedHost leader;
    private final RecoveryController controller;
    private RecoveryState state = RecoveryState.empty();
    private int bmcBusy;
    private long probes;

    VerdictPool(Simulation sim, VerdictCell cell) {
        this.sim = sim;
        this.cell = cell;
        this.network = sim.dice("network");
        this.bmcs = sim.dice("bmcs");
        var names = new ArrayList<HostName>();
        for (int i = 1; i <= cell.hosts(); i++) {
            names.add(new HostName(String.format(Locale.ROOT, "hv-%04d", i)));
        }
        for (HostName name : names) {
            hosts.put(name, new SimulatedHost(sim, this, name, sim.dice("host " + name)));
        }
        var ring = ObserverRing.of(names.stream().map(HostName::value).toList());
        hosts.forEach((name, host) -> host.observe(ring.targetsOf(name.value())));
        for (int i = 0; i < Math.min(VOTERS, cell.hosts() - (cell.hosts() + 1) % 2); i++) {
            voters.add(hosts.get(names.get(i)));
            heardAtMs.put(names.get(i), new TreeMap<>());
        }
        leader = voters.get(0);
        controller = new RecoveryController(RecoveryConfig.DEFAULT, leader.name(), new Leader(), now -> now);
        var az = new AzSettings("az1", 1, "group-1", true, true, true, new Limits(cell.hosts(), 100), Proofs.BMC);
        apply(new AzCommand.EnableAz(0, az, names));
        names.forEach(name -> controller.onGossip(0, name, GossipSign.ALIVE));
        controller.onLeadership(0, OptionalLong.of(1));
        sim.every(
                200, 200, "ages", () -> leader.whenRunning(() -> controller.onRenewalAges(sim.nowMs(), ages(leader))));
        sim.every(100, 100, "control", () -> leader.whenRunning(() -> controller.onTimer(sim.nowMs())));
    }

    List<SimulatedHost> hosts() {
        return List.copyOf(hosts.values());
    }

    SimulatedHost leader() {
        return leader;
    }

    List<SimulatedHost> voters() {
        return voters;
    }

    long probes() {
        return probes;
    }

    /** When the leader first found that nobody hears a host. */
    SortedMap<HostName, Long> unheardAtMs() {
        return unheardAtMs;
    }

    /** When a host's incident was committed. */
    SortedMap<HostName, Long> declaredAtMs() {
        return declaredAtMs;
    }

    /** How many incidents were declared. */
    int incidents() {
        return state.incidents().size();
    }

    /** The host is not in reach now, or has not been a moment ago. */
    boolean isTroubled(HostName host, long withinMs) {
        return !hosts.get(host).isInReach()
                || sim.nowMs() - troubledAtMs.getOrDefault(host, Long.MIN_VALUE / 2) <= withinMs;
    }

    /** The host has just come back into reach. */
    void healed(HostName host) {
        troubledAtMs.put(host, sim.nowMs());
    }

    void dies(SimulatedHost host) {
        host.die();
        sim.after(GOSSIP_FAILS_MS, "gossip", () -> controller.onGossip(sim.nowMs(), host.name(), GossipSign.FAILED));
    }

    private boolean arrives(SimulatedHost from, SimulatedHost to) {
        return from.sends() && to.hears() && !network.chance(cell.lossPercent());
    }

    private long travelMs() {
        return network.mostly(0, 3);
    }

    /** Asks the kernel of a host; its answer comes unless a packet is lost on either way. */
    void probe(SimulatedHost from, HostName about, Runnable answer) {
        probes++;
        SimulatedHost to = hosts.get(about);
        if (arrives(from, to)) {
            sim.after(travelMs(), "probe", () -> {
                if (to.isUp() && arrives(to, from)) {
                    sim.after(travelMs(), "kernel answers", answer);
                }
            });
        }
    }

    /** A renewal to every voter, over connections that send again what is lost. */
    void renew(SimulatedHost from, List<Sighting> news) {
        for (SimulatedHost voter : voters) {
            long waitedMs = -1;
            for (long tryMs : TCP_TRIES_MS) {
                if (voter == from || (arrives(from, voter) && arrives(voter, from))) {
                    waitedMs = tryMs;
                    break;
                }
            }
            if (waitedMs >= 0 && waitedMs < RENEWAL_LIMIT_MS) {
                sim.after(
                        waitedMs + travelMs(), "renewal", () -> voter.whenRunning(() -> onRenewal(voter, from, news)));
            }
        }
    }

    private void onRenewal(SimulatedHost voter, SimulatedHost from, List<Sighting> news) {
        heardAtMs.get(voter.name()).put(from.name(), sim.nowMs());
        if (voter == leader && !news.isEmpty()) {
            controller.onSightings(sim.nowMs(), news);
        }
    }

    private SortedMap<HostName, Long> ages(SimulatedHost voter) {
        var ages = new TreeMap<HostName, Long>();
        hosts.keySet().forEach(h -> ages.put(h, age(voter, h)));
        return ages;
    }

    private long age(SimulatedHost voter, HostName host) {
        return sim.nowMs() - heardAtMs.get(voter.name()).getOrDefault(host, 0L);
    }

    private void apply(Command command) {
        var entry = new Entry(1, state.applied().index() + 1);
        state = state.apply(entry, command).state();
        controller.onState(sim.nowMs(), state);
    }

    /** The leader's way out: commands are committed, questions are asked; everything after the verdict is left alone. */
    private final class Leader implements Outbox {
        @Override
        public void propose(String key, Command command) {
            if (command instanceof IncidentCommand.DeclareIncident declare) {
                sim.after(network.mostly(3, 80), "commit", () -> {
                    declare.witnesses().forEach((host, words) -> {
                        declaredAtMs.putIfAbsent(host, sim.nowMs());
                        sim.tell("declared " + host + ": " + words);
                    });
                    apply(command);
                    controller.onProposed(
                            sim.nowMs(), key, OptionalLong.of(state.applied().index()));
                });
            }
        }

        @Override
        public void report(SortedMap<HostName, Finding> findings) {
            for (Finding f : findings.values()) {
                boolean unheard = f.kind() == Finding.Kind.DEAD
                        || f.kind() == Finding.Kind.ISOLATED
                        || f.kind() == Finding.Kind.PARTITIONED;
                if (unheard && unheardAtMs.putIfAbsent(f.host(), sim.nowMs()) == null) {
                    sim.tell("nobody hears " + f.host() + ": " + f.witnesses());
                }
            }
        }

        @Override
        public void execute(Action action) {
            if (action instanceof Action.AskVoters ask) {
                var byVoter = new TreeMap<String, SortedMap<HostName, Long>>();
                askVoters(
                        voter -> {
                            var said = new TreeMap<HostName, Long>();
                            ask.hosts().forEach(h -> said.put(h, age(voter, h)));
                            byVoter.put(voter.name().value(), said);
                        },
                        () -> new Result.Ages(ask, byVoter, voters.size()));
            } else if (action instanceof Action.Observe ask) {
                var said = new ArrayList<Sighting>();
                askVoters(
                        voter -> answer(voter, ask, said), () -> new Result.Seen(ask, new Testimony(said, List.of())));
            } else if (action instanceof Action.AskPower ask) {
                bmcQueue.add(() -> askBmc(ask));
                serveBmcs();
            } else if (action instanceof Action.AskNova ask) {
                done(network.mostly(20, 400), new Result.Services(ask, List.of()));
            }
        }
    }

    private void answer(SimulatedHost voter, Action.Observe ask, List<Sighting> said) {
        var all = new ArrayList<String>();
        ask.alsoLookAt().forEach(h -> all.add(h.value()));
        ask.hosts().forEach(h -> all.add(h.value()));
        all.remove(voter.name().value());
        for (String host : all) {
            Sighting s = voter.sighting(new HostName(host));
            if (s.isSilent() || ask.hosts().contains(s.host())) {
                said.add(s);
            }
        }
        voter.lookAt(all);
    }

    /** All voters at once; the answer is there when a majority has spoken, or at the time limit. */
    private void askVoters(
            java.util.function.Consumer<SimulatedHost> atVoter, java.util.function.Supplier<Result> sum) {
        var counted = new int[1];
        var over = new boolean[1];
        for (SimulatedHost voter : voters) {
            boolean gets = voter == leader || (arrives(leader, voter) && arrives(voter, leader));
            if (gets) {
                sim.after(
                        travelMs(),
                        "question",
                        () -> voter.whenRunning(() -> {
                            if (!over[0]) {
                                atVoter.accept(voter);
                                counted[0]++;
                                if (counted[0] * 2 > voters.size()) {
                                    over[0] = true;
                                    done(travelMs(), sum.get());
                                }
                            }
                        }));
            }
        }
        sim.after(ASK_LIMIT_MS, "limit", () -> {
            if (!over[0]) {
                over[0] = true;
                done(0, sum.get());
            }
        });
    }

    private void serveBmcs() {
        while (bmcBusy < BMC_THREADS && !bmcQueue.isEmpty()) {
            bmcBusy++;
            bmcQueue.poll().run();
        }
    }

    private void askBmc(Action.AskPower ask) {
        SimulatedHost host = hosts.get(ask.host());
        boolean mute = !cell.bmcs() && !host.isUp();
        long takesMs = mute ? 4_000 : bmcs.mostly(150, 900);
        sim.after(takesMs, "bmc", () -> {
            bmcBusy--;
            serveBmcs();
            PowerState said = mute ? PowerState.UNKNOWN : host.isUp() ? PowerState.ON : PowerState.OFF;
            done(0, new Result.Power(ask, new BmcStatement(ask.host(), said, !mute, said.name(), takesMs)));
        });
    }

    private void done(long afterMs, Result result) {
        sim.after(afterMs, "result", () -> leader.whenRunning(() -> controller.onResult(sim.nowMs(), result)));
    }
}

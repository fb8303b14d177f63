package io.vmha.sim.recovery;

import io.vmha.recovery.core.Action;
import io.vmha.recovery.core.AgeStatement;
import io.vmha.recovery.core.Aggregate;
import io.vmha.recovery.core.BmcStatement;
import io.vmha.recovery.core.Compute;
import io.vmha.recovery.core.ComputeService;
import io.vmha.recovery.core.Fencer;
import io.vmha.recovery.core.Handling;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Migration;
import io.vmha.recovery.core.PowerState;
import io.vmha.recovery.core.Rest;
import io.vmha.recovery.core.Server;
import io.vmha.recovery.core.ServerId;
import io.vmha.recovery.core.ServiceRecords;
import io.vmha.recovery.core.Sweep;
import io.vmha.recovery.core.Testimony;
import io.vmha.recovery.core.Voters;
import io.vmha.sim.Dice;
import io.vmha.sim.Simulation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.function.Supplier;

/** The way from one agent to Nova, the BMCs and the voters: delays, losses, errors, and what each call does where it arrives. */
final class AgentPorts implements SimulatedPorts {
    private static final String NOTHING = "its effect";
    private static final long VOTER_LIMIT_MS = 1_000;
    private static final long BMC_LIMIT_MS = 20_000;
    private static final double REPEATED_PERCENT = 40;

    private final Cluster cluster;
    private final HostName self;
    private final Dice dice;
    private final NovaWay way;
    private final UpkeepPorts upkeep;
    private final Simulation sim;
    private final Dice repetitions;

    AgentPorts(Cluster cluster, Simulation sim, HostName self) {
        this.cluster = cluster;
        this.self = self;
        this.dice = sim.dice("ports " + self);
        this.way = new NovaWay(cluster, self, dice, sim.dice("pauses " + self));
        this.upkeep = new UpkeepPorts(cluster, sim, self);
        this.sim = sim;
        this.repetitions = sim.dice("repetitions " + self);
    }

    @Override
    public Compute compute(Replay<?> replay, Action action) {
        return new NovaPort(replay, action);
    }

    @Override
    public ServiceRecords services(Replay<?> replay, long term, HostName returning) {
        return new ServiceRecords() {
            @Override
            public List<ComputeService> computeServices() {
                return cluster.mutant()
                        .seenServices(replay.ask(
                                () -> way.ask("services", () -> cluster.nova().computeServices())));
            }

            @Override
            public void forceUp(HostName host) {
                way.change(replay, "force up " + host, term, () -> {
                    cluster.returnRules().beforeForceUp(returning, host);
                    cluster.nova().forceUp(host);
                    cluster.point();
                    return NOTHING;
                });
            }

            @Override
            public void enable(HostName host) {
                way.change(replay, "enable " + host, term, () -> {
                    cluster.returnRules().beforeEnable(returning, host);
                    cluster.nova().enable(host);
                    cluster.point();
                    return NOTHING;
                });
            }
        };
    }

    @Override
    public UpkeepPorts upkeep() {
        return upkeep;
    }

    @Override
    public Sweep.Homes homes(Replay<?> replay) {
        return id -> replay.ask(
                () -> way.ask("show " + id, () -> cluster.nova().server(id).map(Server::host)));
    }

    private Replay.Asked<BmcStatement> toBmc(
            HostName host, String what, long takesMs, Supplier<BmcStatement> onArrival) {
        boolean arrives = cluster.network().reachesBmcs(self);
        var silence = new BmcStatement(host, PowerState.UNKNOWN, false, "no route to the BMC", 4_000);
        return new Replay.Asked<>(what, arrives ? takesMs : -1, onArrival, 5, BMC_LIMIT_MS, silence);
    }

    @Override
    public Fencer fencer(Replay<?> replay, Action action) {
        return new Fencer() {
            @Override
            public boolean isConfigured(HostName host) {
                return cluster.scenario().trust().proofs().bmc();
            }

            @Override
            public BmcStatement status(HostName host) {
                Machine machine = cluster.machine(host);
                return replay.ask(() -> toBmc(host, "power status of " + host, machine.answerMs(), () -> {
                    BmcStatement said = machine.status();
                    cluster.rules().onPowerAnswer(said);
                    return said;
                }));
            }

            @Override
            public BmcStatement powerOff(HostName host) {
                Machine machine = cluster.machine(host);
                if (!way.stands(replay, action.term())) {
                    return NovaWay.notStarted(host);
                }
                return replay.ask(() -> toBmc(host, "power off " + host, machine.powerOffMs(), () -> {
                    cluster.rules().beforePowerOff(action, host);
                    BmcStatement said = machine.powerOff();
                    cluster.rules().onPowerAnswer(said);
                    cluster.point();
                    return said;
                }));
            }

            @Override
            public BmcStatement powerOn(HostName host) {
                throw new UnsupportedOperationException("no recovery switches a host on");
            }
        };
    }

    @Override
    public Voters voters(Replay<?> replay) {
        return new Voters() {
            @Override
            public int count() {
                return cluster.raft().votersCount();
            }

            @Override
            public SortedMap<String, SortedMap<HostName, Long>> ages(SortedSet<HostName> hosts) {
                return replay.<SortedMap<String, SortedMap<HostName, Long>>>ask(() ->
                        toVoters("ages of " + hosts, () -> {
                            var byVoter = new TreeMap<String, SortedMap<HostName, Long>>();
                            for (Agent voter : cluster.votersThatAnswer(self)) {
                                byVoter.put(
                                        voter.host().value(), cluster.renewals().agesAt(voter.host(), hosts));
                            }
                            return byVoter;
                        }));
            }

            @Override
            public List<AgeStatement> statements(HostName host, long epoch) {
                return replay.<List<AgeStatement>>ask(() -> toVoters("ages of " + host, () -> {
                    var said = new ArrayList<AgeStatement>();
                    for (Agent voter : cluster.votersThatAnswer(self)) {
                        AgeStatement word =
                                voter.voter().statement(voter.leased().nowMs(), voter.peerId(), host, epoch);
                        said.add(
                                cluster.mutant().stated(word, cluster.renewals().unansweredMs(voter.host(), host)));
                    }
                    return said;
                }));
            }

            @Override
            public List<String> peersAppliedAtLeast(long index) {
                return replay.<List<String>>ask(() -> toVoters(
                        "which peers have applied " + index,
                        () -> cluster.votersThatAnswer(self).stream()
                                .filter(v -> v.applied() >= index)
                                .map(Agent::peerId)
                                .toList()));
            }

            @Override
            public Testimony observe(SortedSet<HostName> hosts, SortedSet<HostName> alsoLookAt) {
                return cluster.mutant()
                        .seen(replay.<Testimony>ask(() -> toVoters(
                                "what is seen of " + hosts,
                                () -> cluster.renewals()
                                        .testimony(cluster.votersThatAnswer(self), hosts, alsoLookAt))));
            }

            @Override
            public List<String> appliedAtLeast(long index) {
                return replay.<List<String>>ask(() -> toVoters("who has applied " + index, () -> {
                    var names = new ArrayList<String>();
                    for (Agent voter : cluster.votersThatAnswer(self)) {
                        if (voter.applied() >= index) {
                            names.add(voter.host().value());
                        }
                    }
                    return names;
                }));
            }
        };
    }

    /** All voters are asked at once; one that does not answer costs the whole time limit. */
    private <T> Replay.Asked<T> toVoters(String what, Supplier<T> onArrival) {
        boolean all = cluster.votersThatAnswer(self).size() == cluster.raft().votersCount();
        long arrivesMs = dice.mostly(1, 60);
        return new Replay.Asked<>(
                what, arrivesMs, onArrival, all ? 2 : VOTER_LIMIT_MS - arrivesMs, VOTER_LIMIT_MS + 1, NOTHING);
    }

    /** Nova, as one action reaches it. */
    private final class NovaPort implements Compute {
        private final Replay<?> replay;
        private final Action action;

        NovaPort(Replay<?> replay, Action action) {
            this.replay = replay;
            this.action = action;
        }

        @Override
        public List<Aggregate> aggregates() {
            return replay.ask(
                    () -> way.ask("aggregates", () -> List.of(cluster.nova().aggregate())));
        }

        @Override
        public List<ComputeService> computeServices() {
            return replay.ask(() -> way.ask("services", () -> cluster.nova().computeServices()));
        }

        @Override
        public List<Server> serversOn(HostName host) {
            return replay.ask(() -> way.ask("list " + host, () -> cluster.nova().serversOn(host)));
        }

        @Override
        public Optional<Server> server(ServerId id) {
            return cluster.mutant()
                    .seen(replay.ask(
                            () -> way.ask("show " + id, () -> cluster.nova().server(id))));
        }

        @Override
        public List<Migration> evacuationsFrom(HostName host) {
            return cluster.mutant()
                    .seen(
                            action,
                            replay.ask(() -> way.ask(
                                    "migrations " + host,
                                    0,
                                    () -> cluster.nova().evacuationsFrom(host))));
        }

        @Override
        public Handling handlingOf(ServerId id) {
            return replay.ask(
                    () -> way.ask("actions " + id, () -> cluster.nova().handlingOf(id)));
        }

        @Override
        public ComputeService holdDown(HostName host, String reason) {
            return way.change(replay, "hold down " + host, action.term(), () -> {
                cluster.rules().beforeForceDown(action, host);
                maybeRepeated(host, reason);
                cluster.nova().disable(host, reason);
                return cluster.nova().forceDown(host);
            });
        }

        @Override
        public void evacuate(ServerId id, Optional<HostName> target) {
            change("evacuate " + id, () -> {
                cluster.rules().beforeEvacuate((Action.Evacuate) action, id);
                cluster.nova().evacuate(id, target);
                cluster.point();
            });
        }

        /** A proxy before Nova has asked twice, and the one that was slower is carried out when the host may be back. */
        private void maybeRepeated(HostName host, String reason) {
            boolean repeated = cluster.scenario().trust().script() == Scenario.Script.RESERVES
                    && repetitions.chance(REPEATED_PERCENT);
            if (repeated) {
                sim.after(repetitions.between(60_000, 240_000), "a repetition arrives", () -> {
                    sim.tell("nova: carries out late that " + host + " is held down");
                    cluster.nova().disable(host, reason);
                    cluster.nova().forceDown(host);
                });
            }
        }

        private void change(String what, Runnable onArrival) {
            way.change(replay, what, action.term(), () -> {
                onArrival.run();
                return NOTHING;
            });
        }

        @Override
        public List<Server> withImages(List<Server> servers) {
            return servers;
        }

        @Override
        public void lock(ServerId id, String reason) {
            change("lock " + id, () -> {
                cluster.rules().beforeTouch((Action.Evacuate) action, id);
                cluster.nova().lock(id, reason);
            });
        }

        @Override
        public void unlock(ServerId id, String reason) {
            change("unlock " + id, () -> {
                cluster.nova().unlock(id, reason);
            });
        }

        @Override
        public void resetState(ServerId id) {
            change("reset " + id, () -> {
                cluster.rules().beforeReset((Action.Evacuate) action, id);
                cluster.nova().resetState(id);
                cluster.point();
            });
        }

        @Override
        public void rest(ServerId id, Rest how) {
            change("bring to rest " + id, () -> {
                cluster.nova().rest(id, how);
            });
        }

        @Override
        public void setAggregateMetadata(long aggregateId, String key, Optional<String> value) {
            throw new UnsupportedOperationException("recovery of a host changes no aggregate");
        }
    }
}

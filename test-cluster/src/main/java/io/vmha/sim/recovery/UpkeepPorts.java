package io.vmha.sim.recovery;

import io.vmha.recovery.core.Aggregate;
import io.vmha.recovery.core.BmcStatement;
import io.vmha.recovery.core.ComputeService;
import io.vmha.recovery.core.Fencer;
import io.vmha.recovery.core.Guests;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Migration;
import io.vmha.recovery.core.Operations;
import io.vmha.recovery.core.PowerState;
import io.vmha.recovery.core.ReserveRecords;
import io.vmha.recovery.core.ReserveUse;
import io.vmha.recovery.core.Rest;
import io.vmha.recovery.core.Server;
import io.vmha.recovery.core.ServerId;
import io.vmha.recovery.core.UpkeepAction;
import io.vmha.sim.Dice;
import io.vmha.sim.Simulation;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;

/** The way from one agent to Nova, the BMCs and the guards, as far as living hosts and reserved ones are concerned. */
final class UpkeepPorts {
    private static final String NOTHING = "its effect";
    private static final long BMC_LIMIT_MS = 20_000;
    private static final long VOTER_LIMIT_MS = 1_500;

    private final Cluster cluster;
    private final HostName self;
    private final Dice dice;
    private final NovaWay way;

    UpkeepPorts(Cluster cluster, Simulation sim, HostName self) {
        this.cluster = cluster;
        this.self = self;
        this.dice = sim.dice("upkeep ports " + self);
        this.way = new NovaWay(cluster, self, dice, sim.dice("upkeep pauses " + self));
    }

    /** Has the agent started again that the guard has killed over a call. */
    void restartAfter(long ms) {
        cluster.restartAgent(self, ms);
    }

    private void effect(Replay<?> replay, long term, String what, Runnable onArrival) {
        way.change(replay, what, term, () -> {
            onArrival.run();
            cluster.point();
            return NOTHING;
        });
    }

    private List<ComputeService> services(Replay<?> replay) {
        return cluster.mutant()
                .seenByUpkeep(replay.ask(
                        () -> way.ask("services", () -> cluster.nova().computeServices())));
    }

    private List<Server> serversOn(Replay<?> replay, HostName host) {
        return replay.ask(() -> way.ask("list " + host, () -> cluster.nova().serversOn(host)));
    }

    Operations operations(Replay<?> replay, UpkeepAction action) {
        return new NovaPort(replay, action);
    }

    /** The BMCs, for a drill. */
    Fencer fencer(Replay<?> replay, UpkeepAction action) {
        return new Fencer() {
            @Override
            public boolean isConfigured(HostName host) {
                return cluster.scenario().trust().proofs().bmc();
            }

            @Override
            public BmcStatement status(HostName host) {
                throw new UnsupportedOperationException("no upkeep asks for a power state");
            }

            @Override
            public BmcStatement powerOff(HostName host) {
                Machine machine = cluster.machine(host);
                if (!way.stands(replay, action.term())) {
                    return NovaWay.notStarted(host);
                }
                return replay.ask(() -> toBmc(host, "drill: power off " + host, machine.powerOffMs(), () -> {
                    cluster.upkeepRules().beforeCut((UpkeepAction.CutPower) action, host);
                    BmcStatement said = machine.powerOff();
                    cluster.point();
                    return said;
                }));
            }

            @Override
            public BmcStatement powerOn(HostName host) {
                Machine machine = cluster.machine(host);
                if (!way.stands(replay, action.term())) {
                    return NovaWay.notStarted(host);
                }
                return replay.ask(() -> toBmc(host, "drill: power on " + host, machine.answerMs(), () -> {
                    cluster.upkeepRules().beforePower((UpkeepAction.RestorePower) action, host);
                    boolean obeys = machine.bmcFault() != Machine.BmcFault.MUTE
                            && machine.bmcFault() != Machine.BmcFault.FOREIGN;
                    if (obeys) {
                        cluster.switchOn(host);
                    }
                    cluster.point();
                    return machine.status();
                }));
            }
        };
    }

    private Replay.Asked<BmcStatement> toBmc(
            HostName host, String what, long takesMs, Supplier<BmcStatement> onArrival) {
        boolean arrives = cluster.network().reachesBmcs(self);
        var silence = new BmcStatement(host, PowerState.UNKNOWN, false, "no route to the BMC", 4_000);
        return new Replay.Asked<>(what, arrives ? takesMs : -1, onArrival, 5, BMC_LIMIT_MS, silence);
    }

    /** What the guards say of the guests, as the voters in reach have heard it. */
    Guests guests(Replay<?> replay) {
        return new Guests() {
            @Override
            public Words wordsOf(Collection<ServerId> guests) {
                Words words = replay.<Words>ask(() -> new Replay.Asked<>(
                        "who runs " + guests, dice.mostly(1, 60), () -> heard(guests), 2, VOTER_LIMIT_MS, Words.NONE));
                return new Words(
                        cluster.mutant().heldBy(cluster.nova().homes(guests), words.holders()), words.speaking());
            }
        };
    }

    private Guests.Words heard(Collection<ServerId> guests) {
        var speaking = new TreeSet<HostName>();
        for (Agent agent : cluster.agents()) {
            HostName host = agent.host();
            boolean tells = agent.isRunning()
                    && cluster.votersThatAnswer(self).stream()
                            .anyMatch(voter -> cluster.network().connects(voter.host(), host));
            if (tells) {
                speaking.add(host);
            }
        }
        var holders = new TreeMap<ServerId, SortedSet<HostName>>();
        for (ServerId guest : guests) {
            for (HostName host : cluster.ledger().hostsOf(guest)) {
                if (speaking.contains(host)) {
                    holders.computeIfAbsent(guest, g -> new TreeSet<>()).add(host);
                }
            }
        }
        return new Guests.Words(holders, speaking);
    }

    ReserveRecords reserves(Replay<?> replay, long term, ReserveUse use) {
        return new ReservePort(replay, term, use);
    }

    /** Nova, as one action of upkeep reaches it. */
    private final class NovaPort implements Operations {
        private final Replay<?> replay;
        private final UpkeepAction action;

        NovaPort(Replay<?> replay, UpkeepAction action) {
            this.replay = replay;
            this.action = action;
        }

        @Override
        public List<ComputeService> computeServices() {
            return services(replay);
        }

        @Override
        public void forceUp(HostName host) {
            throw new UnsupportedOperationException("no upkeep takes a force-down back");
        }

        @Override
        public void enable(HostName host) {
            effect(replay, action.term(), "enable " + host, () -> {
                cluster.upkeepRules().beforeEnable(host);
                cluster.nova().enable(host);
            });
        }

        @Override
        public Optional<Server> server(ServerId id) {
            return cluster.mutant()
                    .seenByUpkeep(replay.<Optional<Server>>ask(
                            () -> way.ask("show " + id, () -> cluster.nova().server(id))));
        }

        @Override
        public List<Server> withImages(List<Server> servers) {
            return servers;
        }

        @Override
        public List<Server> serversOn(HostName host) {
            return cluster.mutant().listed(UpkeepPorts.this.serversOn(replay, host));
        }

        @Override
        public void restart(ServerId id) {
            effect(replay, action.term(), "restart " + id, () -> {
                cluster.guestRules().beforeRestart((UpkeepAction.RestartVm) action, id);
                cluster.nova().reboots().reboot(id);
            });
        }

        @Override
        public void migrateLive(ServerId id) {
            effect(replay, action.term(), "migrate " + id, () -> {
                cluster.upkeepRules().beforeMove((UpkeepAction.MoveVm) action, id);
                cluster.nova().moves().live(id);
            });
        }

        @Override
        public void migrateCold(ServerId id) {
            effect(replay, action.term(), "migrate cold " + id, () -> {
                cluster.upkeepRules().beforeMove((UpkeepAction.MoveVm) action, id);
                cluster.nova().moves().cold(id);
            });
        }

        @Override
        public void confirmMigration(ServerId id) {
            effect(
                    replay,
                    action.term(),
                    "confirm " + id,
                    () -> cluster.nova().moves().confirm(id));
        }

        @Override
        public void disableLiving(HostName host, String reason) {
            effect(replay, action.term(), "disable " + host, () -> {
                cluster.upkeepRules().beforeDisable(host);
                cluster.nova().disableLiving(host, reason);
            });
        }

        @Override
        public List<Migration> evacuationsFrom(HostName host) {
            return cluster.mutant()
                    .lateSeen(replay.ask(() ->
                            way.ask("migrations " + host, () -> cluster.nova().evacuationsFrom(host))));
        }

        @Override
        public void callActive(ServerId id) {
            effect(replay, action.term(), "call active " + id, () -> {
                cluster.upkeepRules().beforeCallActive(id, ((UpkeepAction.ResetRecord) action).rest());
                cluster.nova().callActive(id);
            });
        }

        @Override
        public void rest(ServerId id, Rest how) {
            effect(replay, action.term(), "rest " + id, () -> cluster.nova().rest(id, how));
        }

        @Override
        public Optional<SortedMap<HostName, Long>> freeMemoryMb() {
            return Optional.empty();
        }
    }

    /** Nova, as the work on one reserved host reaches it. */
    private final class ReservePort implements ReserveRecords {
        private final Replay<?> replay;
        private final long term;
        private final ReserveUse use;

        ReservePort(Replay<?> replay, long term, ReserveUse use) {
            this.replay = replay;
            this.term = term;
            this.use = use;
        }

        @Override
        public List<Aggregate> aggregates() {
            return replay.ask(
                    () -> way.ask("aggregates", () -> List.of(cluster.nova().aggregate())));
        }

        @Override
        public List<ComputeService> computeServices() {
            return services(replay);
        }

        @Override
        public List<Server> serversOn(HostName host) {
            return UpkeepPorts.this.serversOn(replay, host);
        }

        @Override
        public void enable(HostName host) {
            effect(replay, term, "enable reserved " + host, () -> {
                cluster.upkeepRules().beforeReserveChange(use, host, ReserveUse.Step.ENABLING);
                cluster.nova().enable(host);
            });
        }

        @Override
        public void disableLiving(HostName host, String reason) {
            effect(replay, term, "disable reserved " + host, () -> {
                cluster.upkeepRules().beforeReserveChange(use, host, ReserveUse.Step.GIVING_BACK);
                cluster.nova().disableLiving(host, reason);
            });
        }

        @Override
        public void join(long aggregateId, HostName host) {
            effect(replay, term, "add " + host, () -> {
                cluster.upkeepRules().beforeReserveChange(use, host, ReserveUse.Step.ENABLING);
                cluster.nova().join(host);
            });
        }

        @Override
        public void leave(long aggregateId, HostName host) {
            effect(replay, term, "remove " + host, () -> {
                cluster.upkeepRules().beforeReserveChange(use, host, ReserveUse.Step.GIVING_BACK);
                cluster.nova().leave(host);
            });
        }
    }
}

package io.vmha.sim.recovery;

import io.vmha.recovery.core.Action;
import io.vmha.recovery.core.Applied;
import io.vmha.recovery.core.AzCommand;
import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.BmcStatement;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.Ending;
import io.vmha.recovery.core.Entry;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.HostRecord;
import io.vmha.recovery.core.Incident;
import io.vmha.recovery.core.IncidentCommand;
import io.vmha.recovery.core.IncidentId;
import io.vmha.recovery.core.Migration;
import io.vmha.recovery.core.Note;
import io.vmha.recovery.core.ProofCommand;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.ReturnCommand;
import io.vmha.recovery.core.Server;
import io.vmha.recovery.core.ServerId;
import io.vmha.recovery.core.VmCommand;
import io.vmha.recovery.core.VmRecovery;
import io.vmha.sim.Simulation;
import io.vmha.sim.SimulationFailure;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The rules of the recovery protocol, written a second time: they look at the committed commands, at the calls that arrive outside and at
 * the truth, and never at what the code under test concluded from them.
 */
final class Rules {
    /** How long a decision may take from its reason to its commit: the longest that a proposal is in flight, and some. */
    private static final long DECISION_MS = 40_000;

    /** What the observers and voters have said is no older than this when a leader decides on it. */
    private static final long WITNESSES_MS = 5_000;

    private static final long AWAKE_MS = 10_000;

    private record Case(IncidentId incident, HostName host) implements Comparable<Case> {
        @Override
        public int compareTo(Case other) {
            int byIncident = incident.compareTo(other.incident);
            return byIncident != 0 ? byIncident : host.compareTo(other.host);
        }
    }

    private record Proof(long epoch, long index) {}

    private record Intent(long term, ServerId server) {}

    private final Simulation sim;
    private final Cluster cluster;
    private final Map<Case, TreeSet<Long>> fenceTerms = new TreeMap<>();
    private final Map<Case, TreeSet<Long>> forceDownTerms = new TreeMap<>();
    private final Map<Case, Proof> certified = new TreeMap<>();
    private final TreeSet<Case> confirmed = new TreeSet<>();
    private boolean armed;
    private final TreeSet<IncidentId> approved = new TreeSet<>();
    private final Map<Long, Intent> intents = new TreeMap<>();
    private final TreeSet<Long> called = new TreeSet<>();
    private final Map<ServerId, Long> openIntent = new TreeMap<>();
    private final Map<Case, String> bootWhenDeclared = new TreeMap<>();
    private final Map<String, Ending> endings = new TreeMap<>();
    private final Map<Long, Long> appliedByMajorityAtMs = new TreeMap<>();
    private final Map<HostName, Long> saidOffAtMs = new TreeMap<>();

    Rules(Simulation sim, Cluster cluster) {
        this.sim = sim;
        this.cluster = cluster;
        sim.check(this::afterEveryEvent);
    }

    private void require(boolean holds, String rule, String what) {
        if (!holds) {
            throw violation(rule, what);
        }
    }

    private SimulationFailure violation(String rule, String what) {
        return sim.violation(rule, what);
    }

    /** One leader per term at most, and the moment at which a majority has applied each certificate. */
    private void afterEveryEvent() {
        List<Agent> everybody = cluster.agents();
        for (int i = 0; i < everybody.size(); i++) {
            Agent one = everybody.get(i);
            for (int j = 0; one.term().isPresent() && j < i; j++) {
                if (one.term().equals(everybody.get(j).term())) {
                    throw violation(
                            "one leader",
                            one.host() + " and " + everybody.get(j).host() + " lead term " + one.term());
                }
            }
        }
        for (Proof proof : certified.values()) {
            if (!appliedByMajorityAtMs.containsKey(proof.index())
                    && cluster.raft().isAppliedByMajority(proof.index())) {
                appliedByMajorityAtMs.put(proof.index(), sim.nowMs());
            }
        }
    }

    // --- what is proposed

    /**
     * I8 at the moment of the decision: a leader that has run all the time decides on what has been told a moment ago. One that stood still
     * may be late, and so may a commit: they are judged by the wider limit of the commit.
     */
    void onProposed(Agent proposer, Command command) {
        boolean awake = sim.nowMs() - proposer.runsSinceMs() > AWAKE_MS;
        if (awake && command instanceof IncidentCommand.DeclareIncident declare) {
            for (HostName host : declare.witnesses().keySet()) {
                long lostMs = cluster.renewals().kernels().sinceTrulyLostMs(host);
                require(
                        lostMs <= WITNESSES_MS,
                        "I8",
                        host + " is to be declared dead, but its kernel has run and was in reach for " + lostMs
                                + " ms");
            }
        }
    }

    // --- what is committed

    void onCommitted(RecoveryState before, Entry entry, Command command, Applied applied) {
        if (applied.refusal().isEmpty()) {
            onAccepted(before, entry, command, applied.state());
        } else {
            cluster.upkeepRules().onRefused(command, applied.refusal().get());
        }
        cluster.point();
    }

    private void onAccepted(RecoveryState before, Entry entry, Command command, RecoveryState after) {
        require(
                command.term() == 0 || command.term() == entry.term(),
                "S9",
                "a decision of term " + command.term() + " was applied in term " + entry.term() + ": " + command);
        if (command instanceof AzCommand.EnableAz enable) {
            armed = enable.settings().armed();
        } else if (command instanceof AzCommand.SetArmed set) {
            armed = set.armed();
        } else if (command instanceof IncidentCommand.DeclareIncident declare) {
            onDeclared(before, declare, after);
        } else if (command instanceof IncidentCommand.ApproveIncident approve) {
            approved.add(approve.incident());
        } else if (command instanceof IncidentCommand.PutBack back) {
            onPutBack(back);
        } else if (command instanceof IncidentCommand.BeginFence begin) {
            onFenceIntent(begin);
        } else if (command instanceof IncidentCommand.Certify certify) {
            onCertified(certify, entry);
        } else if (command instanceof IncidentCommand.ConfirmOff confirm) {
            onConfirmed(confirm);
        } else if (command instanceof ProofCommand proof) {
            onProof(proof, entry, after);
        } else if (command instanceof IncidentCommand.BeginForceDown begin) {
            forceDownTerms
                    .computeIfAbsent(new Case(begin.incident(), begin.host()), c -> new TreeSet<>())
                    .add(begin.term());
        } else if (command instanceof VmCommand about) {
            onVm(entry, about, after);
        } else if (command instanceof ReturnCommand returned) {
            cluster.returnRules().onCommitted(before, returned);
        }
        cluster.upkeepRules().onCommitted(before, entry, command, after);
        cluster.guestRules().onCommitted(before, entry, command, after);
        onPhases(before, command, after);
        isTold(before, entry, command, after);
    }

    /** S14: whatever changes an incident is in its story, and a verdict with every word that it rests on. */
    private void isTold(RecoveryState before, Entry entry, Command command, RecoveryState after) {
        if (before.incidents().equals(after.incidents())) {
            return;
        }
        for (Incident incident : after.incidents().values()) {
            if (incident.equals(before.incidents().get(incident.id()))) {
                continue;
            }
            List<Note> said = incident.story().stream()
                    .filter(note -> note.index() == entry.index())
                    .toList();
            require(!said.isEmpty(), "S14", "the story of incident " + incident.id() + " has no word about " + command);
            if (command instanceof IncidentCommand.DeclareIncident declare) {
                declare.witnesses()
                        .forEach((host, words) -> words.forEach(word -> require(
                                said.stream()
                                        .anyMatch(note -> note.text().contains(host.value())
                                                && note.text().contains(word.source())
                                                && note.text().contains(word.statement())),
                                "S14",
                                "the story of incident " + incident.id() + " does not say " + word + " of " + host)));
            }
        }
    }

    /** Incidents that this command has closed: after their last ending, or called off before anything was done. */
    private void onPhases(RecoveryState before, Command command, RecoveryState after) {
        boolean calledOff = command instanceof IncidentCommand.CancelIncident
                || (command instanceof IncidentCommand.PutBack back
                        && after.incidents().get(back.incident()).hosts().containsKey(back.host()));
        for (Incident incident : before.openIncidents()) {
            Incident now = after.incidents().get(incident.id());
            if (now.phase() == Incident.Phase.CLOSED && calledOff) {
                incident.hosts()
                        .keySet()
                        .forEach(host -> require(
                                !certified.containsKey(new Case(incident.id(), host)),
                                "S13",
                                "incident " + incident.id() + " is called off though " + host + " is certified"));
            } else if (now.phase() == Incident.Phase.CLOSED) {
                onClosed(now);
            }
        }
    }

    private void onDeclared(RecoveryState before, IncidentCommand.DeclareIncident declare, RecoveryState after) {
        AzSettings az = before.az().orElseThrow();
        long lost = declare.witnesses().size()
                + before.hosts().values().stream()
                        .filter(h -> h.status() != HostRecord.Status.IN_SERVICE
                                && !declare.witnesses().containsKey(h.host()))
                        .count();
        boolean above = declare.witnesses().size() > az.limits().maxHosts()
                || lost * 100 > (long) before.hosts().size() * az.limits().maxSharePercent();
        Incident incident = after.incidents().get(new IncidentId(before.nextIncident()));
        require(
                incident.phase() == Incident.Phase.HELD || (!above && armed),
                "S8",
                "incident " + incident.id() + " opened by itself with "
                        + declare.witnesses().keySet() + ", armed=" + armed + ", lost " + lost + " of "
                        + before.hosts().size());
        for (HostName host : declare.witnesses().keySet()) {
            require(
                    cluster.renewals().kernels().sinceTrulyLostMs(host) <= DECISION_MS,
                    "I8",
                    host + " was declared dead, but its kernel has run and was in reach for "
                            + cluster.renewals().kernels().sinceTrulyLostMs(host) + " ms");
            bootWhenDeclared.put(
                    new Case(incident.id(), host), cluster.machine(host).bootId());
        }
    }

    /** No evacuation may follow and none is needed: its VMs have run all the time. */
    private void onPutBack(IncidentCommand.PutBack back) {
        var about = new Case(back.incident(), back.host());
        require(!certified.containsKey(about), "put back", back.host() + " is certified and put back");
        require(
                cluster.machine(back.host()).bootId().equals(bootWhenDeclared.get(about)),
                "put back",
                back.host() + " was rebooted since it was declared dead, and is put back");
        require(
                cluster.machine(back.host()).isUp()
                        || cluster.renewals().kernels().upMsAgo(back.host()) <= DECISION_MS,
                "put back",
                back.host() + " has been off for long, and is put back");
    }

    private void onFenceIntent(IncidentCommand.BeginFence begin) {
        require(
                armed || approved.contains(begin.incident()),
                "S8",
                "a fence of " + begin.host() + " begins in a disarmed AZ");
        fenceTerms
                .computeIfAbsent(new Case(begin.incident(), begin.host()), c -> new TreeSet<>())
                .add(begin.term());
    }

    private void onCertified(IncidentCommand.Certify certify, Entry entry) {
        var about = new Case(certify.incident(), certify.host());
        require(certify.statement().provesOff(), "S2", "a certificate without proof: " + certify);
        require(fenceTerms.containsKey(about), "S9", "a certificate without a fence intent: " + certify);
        require(saidOffAtMs.containsKey(certify.host()), "S2", "no BMC said off: " + certify);
        require(
                certified.putIfAbsent(about, new Proof(certify.epoch(), entry.index())) == null,
                "S2",
                "twice: " + certify);
    }

    private void onProof(ProofCommand command, Entry entry, RecoveryState after) {
        if (command instanceof ProofCommand.Seal seal) {
            require(armed || approved.contains(seal.incident()), "S8", "a disarmed AZ seals " + seal.host());
        } else if (command instanceof ProofCommand.ExpireLease expire) {
            var about = new Case(expire.incident(), expire.host());
            require(
                    certified.putIfAbsent(about, new Proof(expire.epoch(), entry.index())) == null,
                    "S2",
                    "twice: " + expire);
            confirmed.add(about);
        } else if (command instanceof ProofCommand.ConfirmDown down) {
            Incident incident = after.openIncidentOf(down.host()).orElseThrow();
            long sealed = incident.hosts().get(down.host()).proving().sealIndex();
            require(
                    sealed > 0 && cluster.raft().isAppliedByMajority(sealed),
                    "S2",
                    "a person's word counts before a majority has applied the seal: " + down);
            certified.put(
                    new Case(incident.id(), down.host()),
                    new Proof(incident.hosts().get(down.host()).epoch(), entry.index()));
        } else if (command instanceof ProofCommand.ConfirmApplied applied) {
            var about = new Case(applied.incident(), applied.host());
            require(
                    appliedByMajorityAtMs.containsKey(certified.get(about).index()),
                    "S2",
                    "confirmed before a majority has applied a person's certificate: " + applied);
            confirmed.add(about);
        }
        cluster.leaseRules().onCommitted(command);
    }

    private void onConfirmed(IncidentCommand.ConfirmOff confirm) {
        var about = new Case(confirm.incident(), confirm.host());
        require(certified.containsKey(about), "S2", "confirmed without a certificate: " + confirm);
        Long majorityAtMs = appliedByMajorityAtMs.get(certified.get(about).index());
        require(majorityAtMs != null, "S2", "confirmed before a majority has applied the certificate: " + confirm);
        require(
                saidOffAtMs.getOrDefault(confirm.host(), -1L) >= majorityAtMs,
                "S2",
                "confirmed without a second answer of the BMC after the majority: " + confirm);
        confirmed.add(about);
    }

    /** The certificate of this life stands beyond recall: its VMs may be evacuated. */
    boolean isConfirmed(HostName host, long epoch) {
        return confirmed.stream()
                .anyMatch(about ->
                        about.host().equals(host) && certified.get(about).epoch() == epoch);
    }

    private void onVm(Entry entry, VmCommand command, RecoveryState after) {
        if (command instanceof VmCommand.BeginEvacuation begin) {
            Long open = openIntent.put(begin.server(), entry.index());
            require(
                    open == null,
                    "S9",
                    "a second intent for " + begin.server() + " while that of entry " + open + " is open");
            intents.put(entry.index(), new Intent(entry.term(), begin.server()));
        } else if (!(command instanceof VmCommand.EvacuationAccepted
                || command instanceof VmCommand.EvacuationHeld
                || command instanceof VmCommand.VmSettled)) {
            openIntent.remove(command.server());
        }
        VmRecovery vm = after.incidents()
                .get(command.incident())
                .hosts()
                .get(command.host())
                .vms()
                .get(command.server());
        vm.ending().ifPresent(ending -> onEnded(command, ending));
    }

    private void onEnded(VmCommand command, Ending ending) {
        String key = command.incident() + " " + command.host() + " " + command.server();
        Ending known = endings.putIfAbsent(key, ending);
        boolean same = known == null
                || (known.kind() == ending.kind() && ending.detail().startsWith(known.detail()));
        require(same, "S13", key + " ended as " + known + " and again as " + ending);
        require(
                isSettled(command.host(), command.server()),
                "S13",
                key + " ended as " + ending + " while nova works on "
                        + cluster.nova().migrationsOf(command.server()));
        boolean stillThere = cluster.nova()
                .server(command.server())
                .map(s -> s.host().equals(command.host()))
                .orElse(false);
        require(
                ending.kind() != Ending.Kind.RECOVERED || !stillThere,
                "S13",
                key + " is called recovered, and nova has it on " + command.host());
    }

    /**
     * Nova's record of the newest evacuation is final, or can never become so because its target is certified dead. Older ones have been
     * given up for that reason, and a reset keeps them from beginning.
     */
    private boolean isSettled(HostName host, ServerId server) {
        if (cluster.nova().server(server).isEmpty()) {
            return true; // deleted by its owner
        }
        return cluster.nova().migrationsOf(server).stream()
                .filter(m -> m.source().equals(host))
                .reduce((older, newer) -> newer)
                .map(newest ->
                        newest.isFinal() || isLost(newest) || cluster.nova().isIdle(server))
                .orElse(true);
    }

    /** True if the host that should carry out the migration is certified dead, whether Nova's record names it or not. */
    private boolean isLost(Migration migration) {
        return cluster.nova()
                .chosenFor(migration)
                .map(target -> cluster.raft()
                        .latest()
                        .isCertified(target, cluster.nova().chosenInEpoch(migration)))
                .orElse(false);
    }

    private void onClosed(Incident incident) {
        incident.hosts().forEach((host, recovery) -> {
            recovery.vms().values().forEach(vm -> {
                require(
                        vm.ending().isPresent(),
                        "S13",
                        "incident " + incident.id() + " is closed and " + vm.server() + " has no ending");
                require(
                        isSettled(host, vm.server()),
                        "S13",
                        "incident " + incident.id() + " is closed while nova works on " + vm.server());
                boolean toldAPerson = vm.ending().orElseThrow().detail().contains("a person should look");
                require(
                        toldAPerson || cluster.nova().isLockedAsBefore(vm.server()) || isInAnother(incident, vm),
                        "L1",
                        "incident " + incident.id() + " is closed and " + vm.server()
                                + " is not locked as it was before");
            });
            cluster.nova()
                    .serversOn(host)
                    .forEach(s -> require(
                            incident.hosts().values().stream()
                                    .anyMatch(h -> h.vms().containsKey(s.id())),
                            "S13",
                            "incident " + incident.id() + " is closed without a word about " + s.id()));
        });
    }

    private boolean isInAnother(Incident incident, VmRecovery vm) {
        return cluster.raft().latest().openIncidents().stream()
                .filter(other -> !other.id().equals(incident.id()))
                .flatMap(other -> other.hosts().values().stream())
                .anyMatch(host -> host.vms().containsKey(vm.server()));
    }

    // --- what arrives outside

    /**
     * A request that changes something has arrived. It may come late, but it has left while its sender led in the term of its decision, or at most so
     * long after a majority had last confirmed that as the guard lets a caller live.
     */
    void onArrived(Agent sender, String what, long term, long sentAtMs) {
        require(
                sentAtMs - sender.provenAtMs(term) <= sender.sendsAtMostAfterMs(),
                "S9",
                sender.host() + " has sent '" + what + "' for term " + term + ", which was last confirmed "
                        + (sentAtMs - sender.provenAtMs(term)) + " ms before");
    }

    void onPowerAnswer(BmcStatement said) {
        if (said.provesOff()) {
            saidOffAtMs.put(said.host(), sim.nowMs());
        }
    }

    void beforePowerOff(Action action, HostName host) {
        IncidentId incident = incidentOf(action);
        var about = new Case(incident, host);
        boolean again = certified.containsKey(about); // found on again before the confirmation
        require(
                again || fenceTerms.getOrDefault(about, new TreeSet<>()).contains(action.term()),
                "S9",
                host + " is powered off without an intent of term " + action.term());
        require(
                cluster.raft().latest().incidents().get(incident).phase() != Incident.Phase.HELD,
                "S8",
                host + " is powered off though incident " + incident + " is held");
    }

    void beforeForceDown(Action action, HostName host) {
        require(
                forceDownTerms
                        .getOrDefault(new Case(incidentOf(action), host), new TreeSet<>())
                        .contains(action.term()),
                "S9",
                host + " is forced down without an intent of term " + action.term());
    }

    /** A server's record is touched only for an intent of the one who does it. */
    void beforeTouch(Action.Evacuate call, ServerId server) {
        Intent intent = intents.get(call.intentIndex());
        require(
                intent != null
                        && intent.term() == call.term()
                        && intent.server().equals(server),
                "S9",
                server + " is touched without an intent at entry " + call.intentIndex());
    }

    /** Resetting a server that Nova works on would let a second evacuation begin beside the first. */
    void beforeReset(Action.Evacuate call, ServerId server) {
        beforeTouch(call, server);
        require(
                Long.valueOf(call.intentIndex()).equals(openIntent.get(server)),
                "S9",
                server + " is reset late: the intent of entry " + call.intentIndex() + " has been given up");
        cluster.nova()
                .migrationsOf(server)
                .forEach(m -> require(
                        m.isFinal() || isLost(m) || cluster.nova().isGivenUp(m.id()),
                        "S9",
                        server + " is reset while nova works on its migration " + m.id()));
        require(
                cluster.nova().server(server).stream()
                        .noneMatch(s -> s.taskState().equals(Optional.of("migrating"))),
                "S1",
                server + " is reset though it may run on the target of its live migration");
    }

    void beforeEvacuate(Action.Evacuate call, ServerId server) {
        boolean keepsData = cluster.instancesShared()
                || cluster.nova().server(server).map(Server::volumeBacked).orElse(true);
        require(keepsData, "S10", "nova is asked to make the disk of " + server + " anew from its image");
        var about = new Case(call.incident(), call.host());
        require(
                certified.containsKey(about) && confirmed.contains(about),
                "S1",
                "nova is asked to evacuate " + server + " and " + call.host() + " has no confirmed certificate");
        HostRecord record = cluster.raft().latest().hosts().get(call.host());
        require(
                certified.get(about).epoch() == record.epoch(),
                "S1",
                "the certificate of " + call.host() + " is about epoch "
                        + certified.get(about).epoch() + " of " + record);
        Intent intent = intents.get(call.intentIndex());
        require(
                intent != null
                        && intent.term() == call.term()
                        && intent.server().equals(server),
                "S9",
                "nova is asked to evacuate " + server + " without an intent at entry " + call.intentIndex());
        require(
                Long.valueOf(call.intentIndex()).equals(openIntent.get(server)),
                "S9",
                "a call for " + server + " arrives late: its intent of entry " + call.intentIndex()
                        + " has been given up, another caller may be at work");
        require(
                called.add(call.intentIndex()),
                "S9",
                "the intent of entry " + call.intentIndex() + " is called for twice");
    }

    private static IncidentId incidentOf(Action action) {
        if (action instanceof Action.PowerOff off) {
            return off.incident();
        }
        if (action instanceof Action.ConfirmOff confirm) {
            return confirm.incident();
        }
        if (action instanceof Action.ForceDown down) {
            return down.incident();
        }
        throw new AssertionError(action);
    }
}

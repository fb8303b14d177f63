package io.vmha.recovery.core;

import java.util.List;
import java.util.Optional;

/** Commands that prove a host dead without its BMC: by the end of its lease (S3, S4), or by a person's word (S2). */
public sealed interface ProofCommand extends Command {
    /** The times that all voters and hosts live by. */
    LeaseTiming TIMING = LeaseTiming.DEFAULT;

    /** A host has said whether it fences itself (S6). */
    record NoteArming(long atMs, long term, HostName host, long epoch, Arming arming) implements ProofCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            HostRecord record = state.hosts().get(host);
            if (record == null || record.epoch() != epoch) {
                return Applied.refused(
                        state,
                        host + " said so in epoch " + epoch + " and "
                                + (record == null ? "is not in this AZ" : "its epoch is " + record.epoch()));
            }
            return Applied.to(state.withHost(host, h -> h.with(arming)));
        }
    }

    /**
     * From where it is applied, a voter answers this life of the host no more (S4). Refused unless a majority of the voters state two
     * periods of silence: a leader that alone hears nothing must not seal a healthy host.
     */
    record Seal(long atMs, long term, IncidentId incident, HostName host, long epoch, List<AgeStatement> silence)
            implements ProofCommand {
        public Seal {
            silence = List.copyOf(silence);
        }

        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            Optional<String> wrong = whyNoLeaseProof(state, incident, host)
                    .or(() -> whyNotStated(state, host, epoch, silence, TIMING.sealAfterMs()));
            if (wrong.isPresent()) {
                return Applied.refused(state, host + ": " + wrong.get());
            }
            return IncidentCommand.onHost(
                    state,
                    incident,
                    host,
                    h -> whyNotThisLife(h, epoch)
                            .or(() -> h.proving().isSealed() ? Optional.of("it is sealed already") : Optional.empty()),
                    h -> h.with(h.proving().sealedAt(entry.index())),
                    new Note(
                            atMs,
                            entry.index(),
                            host + ": sealed: epoch " + epoch + " is renewed no more; silent at " + silence));
        }
    }

    /**
     * Outcome: the lease of a sealed, armed host has run out, and the time that it may need to stop with it (S4). Refused unless the
     * statements are a majority of the voters in force here, made under exactly these voters and after the seal was applied.
     */
    record ExpireLease(
            long atMs, long term, IncidentId incident, HostName host, long epoch, List<AgeStatement> statements)
            implements ProofCommand {
        public ExpireLease {
            statements = List.copyOf(statements);
        }

        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            Optional<String> wrong = whyNoLeaseProof(state, incident, host)
                    .or(() -> whyNotStated(state, host, epoch, statements, TIMING.certifyAfterMs()));
            if (wrong.isPresent()) {
                return Applied.refused(state, host + ": " + wrong.get());
            }
            var proof = new Certificate(
                    host,
                    epoch,
                    Certificate.Proof.LEASE_EXPIRED,
                    "stated by " + AgeStatement.voters(statements),
                    term,
                    entry.index(),
                    atMs);
            return IncidentCommand.onHost(
                    state,
                    incident,
                    host,
                    h -> whyNotThisLife(h, epoch).or(() -> whyBeforeTheSeal(h)),
                    // a majority has applied the seal and answers no more: there is nothing left to be confirmed
                    h -> h.certified(proof).withConfirmed(),
                    new Note(
                            atMs,
                            entry.index(),
                            host + ": certificate LEASE_EXPIRED for epoch " + epoch + ": no answer since "
                                    + statements));
        }

        private Optional<String> whyBeforeTheSeal(HostRecovery recovery) {
            if (!recovery.proving().isSealed()) {
                return Optional.of("it is not sealed");
            }
            return statements.stream()
                    .filter(s -> !s.sealed() || s.applied() < recovery.proving().sealIndex())
                    .findFirst()
                    .map(s -> s.voter() + " stated its age before it had applied the seal");
        }
    }

    /** Nothing but a person's word can prove the host dead: its incident waits for it. */
    record AskPerson(long atMs, long term, IncidentId incident, HostName host, String why) implements ProofCommand {
        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            return IncidentCommand.onHost(
                    state,
                    incident,
                    host,
                    h -> h.certificate().isPresent()
                            ? Optional.of("it is certified already")
                            : h.proving().personAsked().equals(Optional.of(why))
                                    ? Optional.of("a person has been asked already")
                                    : Optional.empty(),
                    h -> h.with(h.proving().asking(why)),
                    new Note(
                            atMs,
                            entry.index(),
                            host + ": a person must confirm that it is down (vmha host confirm-down " + host + "): "
                                    + why));
        }
    }

    /**
     * A person is about to look at the host and to say that it is down (S2, OPERATOR). First its life ends: the word counts only once a
     * majority of the voters has applied this, because a host that is switched on after the word would else find voters that still answer it.
     */
    record SealForWord(long atMs, HostName host, String person) implements ProofCommand {
        @Override
        public long term() {
            return 0;
        }

        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            Optional<String> wrong = whyNoWord(state, host, person);
            if (wrong.isPresent()) {
                return Applied.refused(state, wrong.get());
            }
            return IncidentCommand.onHost(
                    state,
                    state.openIncidentOf(host).orElseThrow().id(),
                    host,
                    h -> h.certificate().isPresent() ? Optional.of("it is certified already") : Optional.empty(),
                    h -> h.with(sealed(h.proving(), entry)),
                    new Note(
                            atMs,
                            entry.index(),
                            host + ": sealed: it is renewed no more, " + person + " is about to look at it"));
        }

        private Proving sealed(Proving proving, Entry entry) {
            Proving sealed = proving.isSealed() ? proving : proving.sealedAt(entry.index());
            return sealed.personAsked().isPresent() ? sealed : sealed.asking(person + " is about to look at it");
        }
    }

    /** Outcome: a majority of the voters has applied the seal and answers the host no more; a person's word counts from now on (S2). */
    record SealApplied(long atMs, long term, IncidentId incident, HostName host, List<String> voters)
            implements ProofCommand {
        public SealApplied {
            voters = List.copyOf(voters);
        }

        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            if (!state.group().electorate().isMajority(voters)) {
                return Applied.refused(
                        state,
                        voters + " are no majority of "
                                + state.group().electorate().everybody());
            }
            return IncidentCommand.onHost(
                    state,
                    incident,
                    host,
                    h -> h.proving().awaitsMajority()
                            ? Optional.empty()
                            : Optional.of("it is not sealed, or that is known already"),
                    h -> h.with(h.proving().withSealApplied()),
                    new Note(
                            atMs,
                            entry.index(),
                            host + ": the seal is applied by " + voters + ": a person may look and confirm now"));
        }
    }

    /** A named person confirms that the host is down and stays down, after a majority has applied its seal (S2, OPERATOR). */
    record ConfirmDown(long atMs, HostName host, String person) implements ProofCommand {
        @Override
        public long term() {
            return 0;
        }

        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            Optional<String> wrong = whyNoWord(state, host, person);
            if (wrong.isPresent()) {
                return Applied.refused(state, wrong.get());
            }
            Incident open = state.openIncidentOf(host).orElseThrow();
            HostRecovery recovery = open.hosts().get(host);
            var proof = new Certificate(
                    host,
                    recovery.epoch(),
                    Certificate.Proof.OPERATOR,
                    "confirmed by " + person,
                    entry.term(),
                    entry.index(),
                    atMs);
            return IncidentCommand.onHost(
                    state,
                    open.id(),
                    host,
                    h -> h.certificate().isPresent()
                            ? Optional.of("it is certified already")
                            : whyTooEarly(h.proving()),
                    h -> h.certified(proof),
                    new Note(
                            atMs,
                            entry.index(),
                            host + ": certificate OPERATOR for epoch " + recovery.epoch() + ": " + person
                                    + " answers for its being down"));
        }

        private Optional<String> whyTooEarly(Proving proving) {
            if (!proving.isSealed()) {
                return Optional.of("it is not sealed: seal it first (vmha host seal " + host
                        + "), then look at it again, for only what is seen after that counts");
            }
            return proving.sealApplied()
                    ? Optional.empty()
                    : Optional.of("a majority of the voters has not confirmed its seal yet: ask again in a moment, "
                            + "and look at it again before");
        }
    }

    /** Outcome: a majority of the voters has applied a person's certificate and answers the host no more (S2). */
    record ConfirmApplied(long atMs, long term, IncidentId incident, HostName host, List<String> voters)
            implements ProofCommand {
        public ConfirmApplied {
            voters = List.copyOf(voters);
        }

        @Override
        public Applied apply(RecoveryState state, Entry entry) {
            if (!state.group().electorate().isMajority(voters)) {
                return Applied.refused(
                        state,
                        voters + " are no majority of "
                                + state.group().electorate().everybody());
            }
            return IncidentCommand.onHost(
                    state,
                    incident,
                    host,
                    h -> h.certificate()
                                    .filter(c -> c.proof() == Certificate.Proof.OPERATOR)
                                    .isPresent()
                            ? Optional.empty()
                            : Optional.of("it has no certificate by a person; a BMC must be asked again"),
                    HostRecovery::withConfirmed,
                    new Note(atMs, entry.index(), host + ": certificate applied by " + voters));
        }
    }

    private static Optional<String> whyNoWord(RecoveryState state, HostName host, String person) {
        Optional<Incident> open = state.openIncidentOf(host);
        if (open.isEmpty()) {
            return Optional.of("no incident about host " + host
                    + " is open: only a host that was declared dead can be confirmed down");
        }
        if (open.get().phase() == Incident.Phase.HELD) {
            return Optional.of("incident " + open.get().id() + " is held; approve it first (vmha incidents approve "
                    + open.get().id() + ")");
        }
        return person.isBlank()
                ? Optional.of("somebody must answer for it: the person's name is empty")
                : Optional.empty();
    }

    private static Optional<String> whyNoLeaseProof(RecoveryState state, IncidentId incident, HostName host) {
        HostRecord record = state.hosts().get(host);
        Incident found = state.incidents().get(incident);
        if (record == null) {
            return Optional.of("it is not in this AZ");
        }
        if (!state.provesByLease()) {
            return Optional.of("this AZ does not rely on leases");
        }
        if (!record.arming().armed()) {
            return Optional.of("it is not armed, so the end of its lease proves nothing: "
                    + record.arming().detail());
        }
        if (record.maintenance()) {
            return Optional.of("it is in maintenance");
        }
        return found != null && !state.mayFence(found) ? Optional.of("the AZ is disarmed") : Optional.empty();
    }

    private static Optional<String> whyNotStated(
            RecoveryState state, HostName host, long epoch, List<AgeStatement> statements, long leastMs) {
        Electorate inForce = state.group().electorate();
        for (AgeStatement s : statements) {
            if (!s.host().equals(host) || s.epoch() != epoch) {
                return Optional.of(s.voter() + " spoke of " + s.host() + " epoch " + s.epoch());
            }
            if (s.configuration() != inForce.index()) {
                return Optional.of(s.voter() + " spoke under the voters of entry " + s.configuration()
                        + " and those of entry " + inForce.index() + " are in force");
            }
            if (s.ageMs() < leastMs) {
                return Optional.of(s.voter() + " answered it " + s.ageMs() + " ms ago; it takes " + leastMs);
            }
            if (s.unarmed()) {
                return Optional.of(s.voter() + " was told that it is not armed");
            }
        }
        List<String> voters = AgeStatement.voters(statements);
        return inForce.isMajority(voters)
                ? Optional.empty()
                : Optional.of(voters + " are no majority of the voters " + inForce.everybody());
    }

    private static Optional<String> whyNotThisLife(HostRecovery recovery, long epoch) {
        if (recovery.epoch() != epoch) {
            return Optional.of("its epoch is " + recovery.epoch() + " and the proof is about " + epoch);
        }
        return recovery.certificate().isPresent() ? Optional.of("it is certified already") : Optional.empty();
    }
}

package io.vmha.node.documents;

import io.vmha.recovery.core.Certificate;
import io.vmha.recovery.core.HostRecovery;
import io.vmha.recovery.core.Incident;
import io.vmha.recovery.core.Note;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.VmRecovery;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * One step of a dead host's way through an incident, judged by what is committed.
 *
 * @param rule the rule that let it pass or holds it
 * @param why in words: what was found, or what is waited for
 */
record Step(String name, State state, Rule rule, String why) {
    /** How far a step has come. */
    enum State {
        PASSED,
        UNDER_WAY,
        WAITING,
        /** Held for a person. */
        HELD,
        /** Called off. */
        CANCELLED
    }

    /** All steps, in the order in which they are taken. */
    static List<Step> of(Incident incident, HostRecovery host, RecoveryState state) {
        if (wasCancelled(incident)) {
            return List.of(
                    verdict(host),
                    new Step(
                            "limits",
                            State.CANCELLED,
                            Rule.S8,
                            told(incident, "cancelled by").orElse("called off")));
        }
        return List.of(
                verdict(host),
                limits(incident, state),
                fence(incident, host),
                certificate(host),
                confirmation(incident, host),
                forceDown(host),
                plan(incident, host),
                evacuation(host),
                close(incident, host));
    }

    private static boolean wasCancelled(Incident incident) {
        return incident.phase() == Incident.Phase.CLOSED
                && told(incident, "cancelled by").isPresent();
    }

    private static Step verdict(HostRecovery host) {
        String words = host.witnesses().stream()
                .map(w -> w.source() + " says " + w.statement())
                .collect(Collectors.joining("; "));
        return new Step("verdict", State.PASSED, Rule.S2, words.isEmpty() ? "declared dead" : words);
    }

    private static Step limits(Incident incident, RecoveryState state) {
        if (incident.phase() == Incident.Phase.HELD) {
            return new Step(
                    "limits", State.HELD, Rule.S8, incident.heldBecause().orElse("held"));
        }
        return new Step(
                "limits",
                State.PASSED,
                Rule.S8,
                told(incident, "approved by")
                        .orElseGet(() -> "within the limits when it was declared"
                                + state.az()
                                        .map(az -> " (today's: " + az.limits().maxHosts() + " hosts of one incident, "
                                                + az.limits().maxSharePercent() + " % of the AZ)")
                                        .orElse("")));
    }

    private static Step fence(Incident incident, HostRecovery host) {
        if (host.certificate().isPresent()) {
            return new Step("fence", State.PASSED, Rule.S9, attempts(host.fenceAttempts()));
        }
        if (host.fenceTerm() != 0) {
            return new Step(
                    "fence",
                    State.UNDER_WAY,
                    Rule.S9,
                    "attempt " + host.fenceAttempts() + ": the leader of term " + host.fenceTerm()
                            + " is powering it off through its BMC");
        }
        String failure = lastTold(incident, host.host() + ": fence failed").orElse("");
        return new Step(
                "fence",
                State.WAITING,
                Rule.S9,
                host.fenceAttempts() == 0
                        ? "the intent to power it off is not committed yet"
                        : attempts(host.fenceAttempts()) + ", none proved it off"
                                + (failure.isEmpty() ? "" : "; " + failure));
    }

    private static Step certificate(HostRecovery host) {
        if (host.certificate().isEmpty()) {
            return new Step(
                    "certificate",
                    State.WAITING,
                    Rule.S2,
                    "its BMC, with the configured identity, has not said \"off\"");
        }
        Certificate proof = host.certificate().get();
        return new Step(
                "certificate",
                State.PASSED,
                Rule.S2,
                proof.proof() + " for epoch " + proof.epoch() + " at index " + proof.index() + ", term " + proof.term()
                        + ": " + proof.detail());
    }

    private static Step confirmation(Incident incident, HostRecovery host) {
        return host.confirmed()
                ? new Step(
                        "confirmation",
                        State.PASSED,
                        Rule.S2,
                        lastTold(incident, host.host() + ": certificate applied by")
                                .orElse("applied by a majority of the voters, and the BMC said off again"))
                : new Step(
                        "confirmation",
                        State.WAITING,
                        Rule.S2,
                        "a majority of the voters must have applied the certificate, and the BMC must then say off again");
    }

    private static Step forceDown(HostRecovery host) {
        if (host.forcedDown()) {
            return new Step("force-down", State.PASSED, Rule.S9, "Nova holds the host down");
        }
        return host.forceDownTerm() != 0
                ? new Step(
                        "force-down",
                        State.UNDER_WAY,
                        Rule.S9,
                        "the leader of term " + host.forceDownTerm()
                                + " is telling Nova; if this lasts, Nova's API is slow or away")
                : new Step("force-down", State.WAITING, Rule.S9, "Nova is told once the certificate is confirmed");
    }

    private static Step plan(Incident incident, HostRecovery host) {
        if (!host.planned()) {
            return new Step(
                    "plan", State.WAITING, Rule.S10, "Nova's list of the host's VMs is taken once it is forced down");
        }
        return new Step(
                "plan",
                State.PASSED,
                Rule.S10,
                lastTold(incident, host.host() + ": plan").orElse(host.vms().size() + " VMs were on the host"));
    }

    private static Step evacuation(HostRecovery host) {
        long ended = host.vms().values().stream().filter(VmRecovery::hasEnded).count();
        String progress = ended + " of " + host.vms().size() + " VMs have their ending";
        if (!host.mayEvacuate()) {
            return new Step(
                    "evacuation",
                    State.WAITING,
                    Rule.S1,
                    "no call may be made yet: the host is not proven and held down");
        }
        if (!host.planned()) {
            return new Step("evacuation", State.WAITING, Rule.S9, "there is no plan yet");
        }
        return new Step("evacuation", host.hasEnded() ? State.PASSED : State.UNDER_WAY, Rule.S9, progress);
    }

    private static Step close(Incident incident, HostRecovery host) {
        if (incident.phase() == Incident.Phase.CLOSED) {
            return new Step(
                    "close", State.PASSED, Rule.S13, told(incident, "closed:").orElse("closed"));
        }
        return new Step(
                "close",
                State.WAITING,
                Rule.S13,
                host.hasEnded()
                        ? "this host is done; Nova's list is taken once more, and every other host of the incident must be done"
                        : "every VM must have its ending first");
    }

    private static String attempts(int count) {
        return count == 1 ? "one attempt" : count + " attempts";
    }

    private static Optional<String> told(Incident incident, String beginning) {
        return incident.story().stream()
                .map(Note::text)
                .filter(text -> text.startsWith(beginning))
                .findFirst();
    }

    private static Optional<String> lastTold(Incident incident, String beginning) {
        return incident.story().stream()
                .map(Note::text)
                .filter(text -> text.startsWith(beginning))
                .reduce((first, second) -> second);
    }
}

package io.vmha.node.control;

import io.vmha.node.view.NodeRequests.Answer;
import io.vmha.recovery.core.Aggregate;
import io.vmha.recovery.core.BmcStatement;
import io.vmha.recovery.core.Fencer;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.PowerState;
import io.vmha.recovery.core.Proofs;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What an AZ will rely on (S7), chosen when it is enabled: as configured, else {@code [bmc]} where every host's BMC passed its test, else
 * {@code [lease]} where every host's guard is armed. An AZ in which nothing could ever be proven about a host is refused.
 */
final class ProofChoice {
    private final Fencer fencer;
    private final PeerBook peers;
    private Proofs chosen = Proofs.BMC;

    ProofChoice(Fencer fencer, PeerBook peers) {
        this.fencer = fencer;
        this.peers = peers;
    }

    /** The refusal, or nothing if {@link #chosen} holds the choice. */
    Optional<Answer> choose(Aggregate aggregate, Optional<Proofs> configured) {
        SortedMap<HostName, String> withoutBmc =
                configured.filter(p -> !p.bmc()).isPresent() ? new TreeMap<>() : bmcTrouble(aggregate);
        SortedMap<HostName, String> unarmed = unarmed(aggregate);
        if (configured.isEmpty()) {
            chosen = withoutBmc.isEmpty() ? Proofs.BMC : Proofs.LEASE;
        } else {
            chosen = configured.get();
        }
        if (chosen.equals(Proofs.BMC)) {
            return refusal(withoutBmc, "");
        }
        if (chosen.equals(Proofs.LEASE)) {
            String instead = configured.isPresent() || withoutBmc.isEmpty()
                    ? ""
                    : "; nor can a BMC prove it: " + withoutBmc.get(withoutBmc.firstKey());
            return refusal(unarmed, instead);
        }
        withoutBmc.keySet().retainAll(unarmed.keySet());
        withoutBmc.replaceAll((host, why) -> why + "; and its guard is not armed");
        return refusal(withoutBmc, "");
    }

    private static Optional<Answer> refusal(SortedMap<HostName, String> trouble, String instead) {
        return trouble.isEmpty()
                ? Optional.empty()
                : Optional.of(new Answer(409, trouble.get(trouble.firstKey()) + instead));
    }

    Proofs chosen() {
        return chosen;
    }

    /** What the choice means for the hosts and their VMs. */
    String meaning() {
        if (chosen.equals(Proofs.BMC)) {
            return "proof: BMC power-off, no VM is ever paused; a host whose BMC cannot be reached waits for a person";
        }
        String paused = "a host that loses touch with a majority of the voters pauses its own VMs after 6 s";
        return chosen.equals(Proofs.LEASE)
                ? "proof: lease, nothing is powered off; " + paused
                : "proofs: BMC power-off or lease, the first that succeeds; " + paused;
    }

    private SortedMap<HostName, String> unarmed(Aggregate aggregate) {
        var unarmed = new TreeMap<HostName, String>();
        for (HostName host : aggregate.hosts()) {
            if (!peers.agentOf(host).map(PeerBook.Agent::armed).orElse(false)) {
                unarmed.put(
                        host,
                        "host " + host
                                + " has no armed guard, so the end of its lease would prove nothing; start vmha-guard"
                                + " there and see: vmha host "
                                + host);
            }
        }
        return unarmed;
    }

    /** Every host's BMC must answer and be the right one: otherwise it could never prove anything. */
    private SortedMap<HostName, String> bmcTrouble(Aggregate aggregate) {
        List<BmcStatement> statements = aggregate.hosts().parallelStream()
                .filter(fencer::isConfigured)
                .map(fencer::status)
                .toList();
        var trouble = new TreeMap<HostName, String>();
        for (HostName host : aggregate.hosts()) {
            Optional<BmcStatement> said =
                    statements.stream().filter(s -> s.host().equals(host)).findFirst();
            if (said.isEmpty()) {
                trouble.put(host, "host " + host + " has no fence device; add it under fencing.hosts on every node");
            } else if (said.get().power() == PowerState.UNKNOWN) {
                trouble.put(
                        host,
                        "the BMC of host " + host + " does not answer as it should: "
                                + said.get().detail());
            } else if (!said.get().identityMatches()) {
                trouble.put(
                        host,
                        "the BMC configured for host " + host + " is not that host's: "
                                + said.get().detail() + "; correct fencing.hosts." + host + ".identity or its address");
            }
        }
        return trouble;
    }
}

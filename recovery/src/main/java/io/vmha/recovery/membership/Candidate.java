package io.vmha.recovery.membership;

import io.vmha.recovery.core.HostName;

/**
 * A host's agent as the gossip pool shows it.
 *
 * @param peerId the id of its Raft server; another one after its storage was replaced, because that is another voter
 * @param alive gossip has it alive
 * @param rack its failure domain; empty if it names none
 */
public record Candidate(HostName host, String peerId, boolean alive, String rack) {}

package io.vmha.gossip.serf;

import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.ConflictResponse;
import io.vmha.gossip.wire.NodeAddress;
import io.vmha.gossip.wire.WireFormatException;

/** Somebody else uses our name: the other members tell whom they know by it, and the majority decides (serf.go, resolveNodeConflict). */
final class NameVote implements QueryListener {
    private final NodeAddress ours;
    private final Runnable onLost;
    private final Runnable onOver;
    private int votes;
    private int votesForUs;

    NameVote(NodeAddress ours, Runnable onLost, Runnable onOver) {
        this.ours = ours;
        this.onLost = onLost;
        this.onOver = onOver;
    }

    @Override
    public void onAck(String from) {
        // none is asked for
    }

    @Override
    public void onResponse(String from, Bytes payload) {
        try {
            NodeAddress known = ConflictResponse.addressIn(payload);
            votes++;
            votesForUs += known.equals(ours) ? 1 : 0;
        } catch (WireFormatException damaged) {
            // an answer nobody can read is no vote
        }
    }

    /** Unlike Serf, nobody's silence costs us the name: alone with the claimant, both stay. */
    @Override
    public void onFinished() {
        onOver.run();
        if (votes > 0 && votesForUs < votes / 2 + 1) {
            onLost.run();
        }
    }
}

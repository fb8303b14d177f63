package io.vmha.node.documents;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmha.node.view.RaftPeers;

/** The voters, each with how far it is and what its state comes to. */
final class RaftDocuments {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private RaftDocuments() {}

    static Reply peers(RaftPeers peers) {
        ObjectNode node = JSON.objectNode()
                .put("group", peers.group().orElse(null))
                .put("term", peers.term())
                .put("configuration_index", peers.configuration())
                .put("feature_level", peers.levels().group())
                .put("feature_level_of_build", peers.levels().build());
        ArrayNode behind = node.putArray("behind");
        peers.levels().behind().forEach(behind::add);
        ArrayNode incidents = node.putArray("level_waits_for_incidents");
        peers.levels().incidents().forEach(incidents::add);
        ArrayNode voters = node.putArray("voters");
        for (RaftPeers.RaftPeer voter : peers.voters()) {
            ObjectNode one = JSON.objectNode()
                    .put("host", voter.host())
                    .put("id", voter.id())
                    .put("address", voter.address())
                    .put("rack", voter.rack())
                    .put("leader", voter.leader())
                    .put("agent", voter.agent());
            voter.applied()
                    .ifPresentOrElse(index -> one.put("applied_index", index), () -> one.putNull("applied_index"));
            voters.add(one.put("state_sha256", voter.state().orElse(null))
                    .put("version", voter.version())
                    .put("feature_level", voter.level()));
        }
        return Reply.of(node);
    }
}

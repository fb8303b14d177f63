package io.vmha.node.consul;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmha.node.view.NodeView;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** The rest of Consul's API: what is easily told, and for everything else a sentence instead of silence. */
final class OtherPaths {
    static final List<String> ROOMS = List.of(
            "acl",
            "agent",
            "config",
            "connect",
            "coordinate",
            "event",
            "internal",
            "operator",
            "query",
            "snapshot",
            "txn");

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final String RAFT_PROTOCOL = "3";

    private final Supplier<NodeView> view;

    OtherPaths(Supplier<NodeView> view) {
        this.view = view;
    }

    CompletableFuture<ConsulAnswer> answer(ConsulCall call) {
        Optional<JsonNode> document = switch (call.path()) {
            case "agent/checks", "agent/services" -> Optional.of(JSON.objectNode());
            case "operator/raft/configuration" -> Optional.of(configuration());
            default -> Optional.empty();
        };
        if (document.isEmpty()) {
            return ConsulApi.now(
                    404,
                    "vmhad has no such path: of Consul's API it has keys, sessions, status, members, and the pool as a"
                            + " catalog");
        }
        return call.method().equals("GET")
                ? CompletableFuture.completedFuture(ConsulAnswer.of(document.get()))
                : ConsulApi.notAllowed(call, "GET");
    }

    private ObjectNode configuration() {
        NodeView now = view.get();
        ObjectNode both = JSON.objectNode();
        ArrayNode servers = both.putArray("Servers");
        for (NodeView.Peer voter : now.voters()) {
            servers.addObject()
                    .put("ID", voter.host())
                    .put("Node", voter.host())
                    .put("Address", voter.address())
                    .put("Leader", now.leader().equals(Optional.of(voter)))
                    .put("ProtocolVersion", RAFT_PROTOCOL)
                    .put("Voter", true);
        }
        long index = now.state().map(s -> s.group().electorate().index()).orElse(0L);
        return both.put("Index", Math.max(0, index));
    }
}

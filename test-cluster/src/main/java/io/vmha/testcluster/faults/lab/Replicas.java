package io.vmha.testcluster.faults.lab;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.vmha.testcluster.faults.history.History;
import io.vmha.testcluster.faults.history.Kinds;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the replicas of the group hold, each read from that replica alone. */
final class Replicas {
    private static final Duration LIMIT = Duration.ofSeconds(4);

    private Replicas() {}

    /** The recovery, in an incident of this view that is not closed, that has this VM. */
    static Optional<JsonNode> recoveryOf(JsonNode view, String vm) {
        for (JsonNode incident : view.path("incidents")) {
            if (incident.path("phase").asText().equals("closed")) {
                continue;
            }
            for (JsonNode recovery : incident.path("recoveries")) {
                if (recovery.path("vms").findValuesAsText("id").contains(vm)) {
                    return Optional.of(recovery);
                }
            }
        }
        return Optional.empty();
    }

    /** One event for each replica, with all its incidents, and each member's view of the pool. */
    static void record(Daemons daemons, List<LabHost> living, History history) {
        Map<LabHost, JsonNode> views = daemons.get(living, "/v1/view", LIMIT);
        views.forEach((host, view) -> {
            ArrayNode incidents = JsonNodeFactory.instance.arrayNode();
            for (JsonNode summary : view.path("incidents")) {
                JsonNode full =
                        daemons.get(host, "/v1/incidents/" + summary.path("id").asText());
                incidents.add(full.isMissingNode() ? summary : full);
            }
            history.record(Kinds.REPLICA, event -> {
                event.put("host", host.name())
                        .put("index", view.at("/azs/0/applied_index").asLong(-1))
                        .put("term", view.path("term").asLong())
                        .put("role", view.path("role").asText(""));
                event.set("incidents", incidents);
                event.set("hosts", statuses(view));
                ArrayNode voters = event.putArray("voters");
                view.path("voters").forEach(v -> voters.add(v.path("host").asText()));
            });
            history.record(Kinds.POOL, event -> {
                event.put("host", host.name());
                ArrayNode alive = event.putArray("alive");
                for (JsonNode member : view.path("members")) {
                    if (member.path("status").asText().equals("alive")) {
                        alive.add(member.path("host").asText());
                    }
                }
                ArrayNode wanted = event.putArray("wanted");
                living.forEach(h -> wanted.add(h.name()));
            });
        });
        living.forEach(host -> recordStates(daemons.get(host, "/v1/raft/peers"), history));
    }

    /** Every voter's digest, as one host was told them just now. */
    private static void recordStates(JsonNode peers, History history) {
        for (JsonNode voter : peers.path("voters")) {
            if (voter.path("applied_index").isNumber()
                    && voter.path("state_sha256").isTextual()) {
                history.record(
                        Kinds.STATE,
                        event -> event.put("group", peers.path("group").asText())
                                .put("host", voter.path("host").asText())
                                .put("index", voter.path("applied_index").asLong())
                                .put("digest", voter.path("state_sha256").asText()));
            }
        }
    }

    private static JsonNode statuses(JsonNode view) {
        var statuses = JsonNodeFactory.instance.objectNode();
        for (JsonNode host : view.at("/azs/0/hosts")) {
            statuses.putObject(host.path("host").asText())
                    .put("status", host.path("status").asText())
                    .put("epoch", host.path("epoch").asLong())
                    .put("maintenance", host.path("maintenance").asBoolean());
        }
        return statuses;
    }
}

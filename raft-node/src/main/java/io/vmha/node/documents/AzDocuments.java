package io.vmha.node.documents;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmha.node.view.NodeView;
import io.vmha.node.view.NodeView.PoolMember;
import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.HostRecord;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.ReserveUse;
import io.vmha.recovery.core.StorageGate;
import io.vmha.recovery.core.StorageReport;
import java.util.Locale;
import java.util.Optional;

/** The protected AZ and its hosts. A node knows the AZ of its own group. */
final class AzDocuments {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private AzDocuments() {}

    static ArrayNode list(NodeView view) {
        ArrayNode list = JSON.arrayNode();
        view.state().flatMap(RecoveryState::az).ifPresent(az -> list.add(az(view, az)));
        return list;
    }

    static Optional<ObjectNode> find(NodeView view, String name) {
        return view.state()
                .flatMap(RecoveryState::az)
                .filter(az -> az.name().equals(name))
                .map(az -> az(view, az));
    }

    private static ObjectNode az(NodeView view, AzSettings az) {
        RecoveryState state = view.state().orElseThrow();
        ObjectNode node = JSON.objectNode()
                .put("az", az.name())
                .put("enabled", az.enabled())
                .put("armed", az.armed())
                .put("aggregate", az.aggregateId())
                .put("group", az.groupId())
                .put("instances_shared", az.instancesShared())
                .put("proofs", az.proofs().toString())
                .put(
                        "instances_proven_shared",
                        state.hosts().keySet().stream()
                                .allMatch(host ->
                                        StorageGate.whyNotShared(state, host).isEmpty()));
        node.putObject("limits")
                .put("max_hosts", az.limits().maxHosts())
                .put("max_share_percent", az.limits().maxSharePercent());
        view.leader().ifPresentOrElse(l -> node.set("leader", PoolDocuments.peer(l)), () -> node.putNull("leader"));
        node.put("term", view.term()).put("applied_index", state.applied().index());
        view.stateAgeMs().ifPresentOrElse(age -> node.put("state_age_ms", age), () -> node.putNull("state_age_ms"));
        node.set("hosts", hosts(view));
        ArrayNode reserves = node.putArray("reserves");
        for (ReserveUse use : state.group().reserves().values()) {
            reserves.addObject()
                    .put("host", use.host().value())
                    .put("step", use.step().name().toLowerCase(Locale.ROOT))
                    .put("lost", use.lost().value())
                    .put("incident", use.incident().value())
                    .put("standing", use.standing(state));
        }
        ArrayNode open = node.putArray("open_incidents");
        state.openIncidents().forEach(i -> open.add(IncidentDocuments.summary(i)));
        return node;
    }

    static ArrayNode hosts(NodeView view) {
        ArrayNode hosts = JSON.arrayNode();
        view.state().ifPresent(s -> s.hosts().values().forEach(h -> hosts.add(host(view, h))));
        return hosts;
    }

    static Optional<ObjectNode> host(NodeView view, String name) {
        return record(view, name).map(h -> host(view, h));
    }

    static Optional<HostRecord> record(NodeView view, String name) {
        return view.state().map(s -> s.hosts().get(new HostName(name)));
    }

    private static ObjectNode host(NodeView view, HostRecord record) {
        String name = record.host().value();
        ObjectNode node = JSON.objectNode()
                .put("host", name)
                .put("status", status(record))
                .put("epoch", record.epoch())
                .put("maintenance", record.maintenance())
                .put(
                        "drain",
                        view.state()
                                .flatMap(state -> UpkeepDocuments.drain(state, record.host()))
                                .orElse(null))
                .put("voter", view.voters().stream().anyMatch(v -> v.host().equals(name)))
                .put("leader", PoolDocuments.isLeader(view, name))
                .put("agent", PoolDocuments.agent(view, name))
                .put(
                        "address",
                        PoolDocuments.ofHost(view, name)
                                .map(PoolMember::address)
                                .orElse(null))
                .put("instances_on", record.storage().map(StorageReport::place).orElse(null))
                .put(
                        "instances_not_shared_because",
                        view.state()
                                .flatMap(state -> StorageGate.whyNotShared(state, record.host()))
                                .orElse(null));
        node.put("armed", record.arming().armed()).put("arming", record.arming().detail());
        if (name.equals(view.host())) {
            NodeView.OwnLease own = view.lease();
            node.putObject("lease")
                    .put("state", own.state())
                    .put("epoch", own.epoch())
                    .put("remaining_ms", own.remainingMs())
                    .put("proofs", own.proofs())
                    .put("armed", own.armed())
                    .put("arming", own.arming())
                    .put("guard", own.guard());
        }
        return node;
    }

    static String status(HostRecord record) {
        return record.status().name().toLowerCase(Locale.ROOT);
    }
}

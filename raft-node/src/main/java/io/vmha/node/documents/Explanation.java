package io.vmha.node.documents;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmha.node.view.NodeView;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.HostRecord;
import io.vmha.recovery.core.HostRecovery;
import io.vmha.recovery.core.Incident;
import io.vmha.recovery.core.IncidentReport;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.ReserveUse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Why things are as they are (S14): which step of an incident was let pass by which rule, and which rule holds the next one. */
final class Explanation {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private Explanation() {}

    static ObjectNode incident(Incident incident, RecoveryState state) {
        ObjectNode node = JSON.objectNode()
                .put("incident", incident.id().value())
                .put("phase", incident.phase().name().toLowerCase(Locale.ROOT))
                .put("summary", IncidentReport.of(incident).summary());
        ArrayNode hosts = node.putArray("hosts");
        for (HostRecovery host : incident.hosts().values()) {
            hosts.add(recovery(incident, host, state));
        }
        node.set("story", IncidentDocuments.story(incident.story()));
        return node;
    }

    private static ObjectNode recovery(Incident incident, HostRecovery host, RecoveryState state) {
        ObjectNode node = JSON.objectNode().put("host", host.host().value()).put("epoch", host.epoch());
        List<Step> steps = Step.of(incident, host, state);
        steps.stream()
                .filter(s -> s.state() != Step.State.PASSED)
                .findFirst()
                .ifPresentOrElse(s -> node.put("waits_for", s.why()), () -> node.putNull("waits_for"));
        ArrayNode list = node.putArray("steps");
        for (Step step : steps) {
            list.addObject()
                    .put("step", step.name())
                    .put("state", step.state().name().toLowerCase(Locale.ROOT))
                    .put("rule", step.rule().name())
                    .put("rule_says", step.rule().says())
                    .put("why", step.why());
        }
        ArrayNode vms = node.putArray("vms");
        IncidentDocuments.inOrder(host).forEach(vm -> vms.add(IncidentDocuments.vm(vm)));
        return node;
    }

    static Optional<ObjectNode> host(NodeView view, String name) {
        return AzDocuments.record(view, name).map(record -> {
            RecoveryState state = view.state().orElseThrow();
            ObjectNode node = AzDocuments.host(view, name).orElseThrow();
            sentences(view, record, state).forEach(node.putArray("why")::add);
            ArrayNode incidents = node.putArray("incidents");
            for (Incident incident : IncidentDocuments.newestFirst(state)) {
                HostRecovery recovery = incident.hosts().get(record.host());
                if (recovery != null) {
                    ObjectNode about = incidents
                            .addObject()
                            .put("incident", incident.id().value())
                            .put("phase", incident.phase().name().toLowerCase(Locale.ROOT));
                    about.setAll(recovery(incident, recovery, state));
                }
            }
            return node;
        });
    }

    private static List<String> sentences(NodeView view, HostRecord record, RecoveryState state) {
        var why = new ArrayList<String>();
        HostName host = record.host();
        String agent = PoolDocuments.agent(view, host.value());
        switch (record.status()) {
            case IN_SERVICE ->
                why.add("in service: it runs VMs and is watched; its agent is " + agent + " in the pool");
            case IN_RECOVERY ->
                why.add("in recovery: incident "
                        + state.openIncidentOf(host).map(i -> i.id().toString()).orElse("?") + " is about it");
            case DOWN ->
                why.add("down: its VMs were recovered and Nova holds it forced down; it may return only with a new"
                        + " epoch (S11)");
            case RETURNING ->
                why.add("returning: it has begun its next life, and Nova does not have it back yet (S11)");
        }
        if (record.maintenance()) {
            why.add("in maintenance: it is never declared dead until an operator ends that (S8)");
        }
        state.group()
                .fenceTrial()
                .filter(t -> t.host().equals(host))
                .map(t -> "its fence device was tested by " + t.by() + " at " + Instant.ofEpochMilli(t.sinceAtMs())
                        + ": "
                        + t.outcome()
                                .orElse("it was about to be powered off and on again, and no outcome is recorded (S9)"))
                .ifPresent(why::add);
        why.addAll(UpkeepDocuments.about(state, host));
        for (ReserveUse use : state.group().reserves().values()) {
            if (use.host().equals(host)) {
                why.add("reserved: it " + use.standing(state));
            } else if (use.lost().equals(host)) {
                why.add("reserved host " + use.host() + " " + use.standing(state));
            }
        }
        if (state.isCertified(host, record.epoch())) {
            why.add("epoch " + record.epoch() + " is certified dead: its renewals are not answered any more (S2)");
        }
        if (record.status() == HostRecord.Status.IN_SERVICE && !agent.equals("alive")) {
            why.add("gossip alone proves nothing: a verdict also needs a majority of the voters to miss its renewals"
                    + " (S2)");
        }
        if (!state.isEnabled()) {
            why.add("HA is not enabled for its AZ: nothing would be done about it");
        } else if (!state.az().orElseThrow().armed()) {
            why.add("the AZ is disarmed: an incident about it would be recorded and held (S8)");
        }
        return why;
    }
}

package io.vmha.node.documents;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmha.node.view.NodeView;
import io.vmha.recovery.core.Incident;
import io.vmha.recovery.core.RecoveryState;

/** Everything that this node knows, as one document: what the status page lives on. */
final class ViewDocument {
    /** Closed incidents that are shown in full; of older ones there is the summary. */
    private static final int CLOSED_FULL_MAX = 3;

    private static final int STORY_MAX = 300;

    private ViewDocument() {}

    static ObjectNode of(NodeView view) {
        ObjectNode node = PoolDocuments.leader(view);
        node.put("address", view.clusterAddress());
        view.stateAgeMs().ifPresentOrElse(age -> node.put("state_age_ms", age), () -> node.putNull("state_age_ms"));
        ArrayNode voters = node.putArray("voters");
        view.voters().forEach(v -> voters.add(PoolDocuments.peer(v)));
        node.set("members", PoolDocuments.members(view));
        node.set("azs", AzDocuments.list(view));
        view.state().ifPresent(s -> node.put("feature_level", s.group().level()));
        ArrayNode incidents = node.putArray("incidents");
        RecoveryState state = view.state().orElseGet(RecoveryState::empty);
        int closed = 0;
        for (Incident incident : IncidentDocuments.newestFirst(state)) {
            boolean inFull = incident.phase() != Incident.Phase.CLOSED || closed < CLOSED_FULL_MAX;
            closed += incident.phase() == Incident.Phase.CLOSED ? 1 : 0;
            incidents.add(inFull ? IncidentDocuments.full(incident, STORY_MAX) : IncidentDocuments.summary(incident));
        }
        return node;
    }
}

package io.vmha.node.documents;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmha.node.view.NodeRequests;
import io.vmha.node.view.NodeView;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Incident;
import io.vmha.recovery.core.IncidentId;
import io.vmha.recovery.core.RecoveryState;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;

/** Every path that clients may read or change, with what happens on it. Decides nothing: reads go to the view, changes to the node. */
public final class Api {
    private static final int CONSISTENT_SECONDS_MAX = 10;
    private static final int CHANGE_SECONDS_MAX = 60;
    private static final String ANY = "*";

    private record Route(String method, List<String> pattern, Handler handler) {
        boolean matches(List<String> path) {
            if (pattern.size() != path.size()) {
                return false;
            }
            for (int i = 0; i < pattern.size(); i++) {
                if (!pattern.get(i).equals(ANY) && !pattern.get(i).equals(path.get(i))) {
                    return false;
                }
            }
            return true;
        }
    }

    private interface Handler {
        CompletableFuture<Reply> answer(Call call, String name);
    }

    private final Supplier<NodeView> view;
    private final NodeRequests requests;
    private final List<Route> routes = new ArrayList<>();

    /**
     * The paths over one node.
     *
     * @param view the newest picture of the node
     */
    public Api(Supplier<NodeView> view, NodeRequests requests) {
        this.view = view;
        this.requests = requests;
        addReads();
        addChanges();
        addUpkeep();
    }

    /** Answers a call. The future never fails and always completes within a bounded time. */
    public CompletableFuture<Reply> answer(Call call) {
        List<String> path = call.target().path();
        var allow = new ArrayList<String>();
        for (Route route : routes) {
            if (route.matches(path)) {
                if (route.method().equals(call.method())) {
                    int name = route.pattern().indexOf(ANY);
                    return route.handler().answer(call, name < 0 ? "" : path.get(name));
                }
                allow.add(route.method());
            }
        }
        return CompletableFuture.completedFuture(
                allow.isEmpty() ? Reply.refused(404, "") : Reply.methodNotAllowed(call.method(), allow));
    }

    private void addReads() {
        read("status/leader", PoolDocuments::leaderAddress);
        read("status/peers", PoolDocuments::peerAddresses);
        read("agent/members", PoolDocuments::consulMembers);
        read("agent/self", PoolDocuments::consulSelf);
        read("leader", PoolDocuments::leader);
        read("members", PoolDocuments::members);
        read("view", ViewDocument::of);
        read("ha", AzDocuments::list);
        add(
                "GET",
                "raft/peers",
                (call, name) -> requests.raftPeers()
                        .orTimeout(CONSISTENT_SECONDS_MAX, TimeUnit.SECONDS)
                        .thenApply(RaftDocuments::peers)
                        .exceptionally(e -> Reply.refused(503, sentence(e, "the voters gave no answer"))));
        readNamed("ha/*", (v, az) -> orMissing(AzDocuments.find(v, az), "AZ", az, "see /v1/ha, or vmha az"));
        read("hosts", AzDocuments::hosts);
        readNamed(
                "hosts/*",
                (v, host) -> orMissing(AzDocuments.host(v, host), "host", host, "see /v1/hosts, or vmha status"));
        readNamed(
                "hosts/*/explain",
                (v, host) -> orMissing(Explanation.host(v, host), "host", host, "see /v1/hosts, or vmha status"));
        read("incidents", v -> IncidentDocuments.list(state(v)));
        readNamed(
                "incidents/*",
                (v, id) -> orMissing(
                        incident(v, id).map(IncidentDocuments::full),
                        "incident",
                        id,
                        "see /v1/incidents, or vmha incidents"));
        readNamed(
                "incidents/*/explain",
                (v, id) -> orMissing(
                        incident(v, id).map(i -> Explanation.incident(i, state(v))),
                        "incident",
                        id,
                        "see /v1/incidents, or vmha incidents"));
        read("vms", UpkeepDocuments::fallen);
        readNamed("vms/*/explain", Api::explainedVm);
        read("drains", UpkeepDocuments::drains);
        readNamed(
                "drains/*",
                (v, host) -> orMissing(UpkeepDocuments.drain(v, host), "drain of host", host, "see /v1/drains"));
        read("drills", UpkeepDocuments::drills);
        readNamed("drills/*", (v, id) -> orMissing(UpkeepDocuments.drill(v, id), "drill", id, "see vmha drill list"));
    }

    private void addUpkeep() {
        var upkeep = new UpkeepChanges(requests);
        change("hosts/*/drain", (call, host) -> byName(call, person -> upkeep.drain(call, host, person)));
        change("hosts/*/undrain", (call, host) -> byName(call, person -> upkeep.undrain(host, person)));
        change("hosts/*/drill", (call, host) -> byName(call, person -> upkeep.drill(call, host, person)));
        change("vms/*/release", (call, vm) -> byName(call, person -> upkeep.release(vm, person)));
    }

    private void addChanges() {
        change("raft/transfer/*", (call, host) -> requests.transferLeadership(new HostName(host)));
        change("raft/remove/*", (call, peer) -> byName(call, person -> requests.removeVoter(peer, person)));
        change("ha/*/enable", (call, az) -> requests.enable(az));
        change("ha/*/disable", (call, az) -> requests.disable(az));
        change("ha/*/arm", (call, az) -> requests.arm(az, true));
        change("ha/*/disarm", (call, az) -> requests.arm(az, false));
        change("hosts/*/maintenance", this::maintenance);
        change(
                "hosts/*/return",
                (call, host) -> byName(call, person -> requests.returnHost(new HostName(host), person)));
        change("hosts/*/seal", (call, host) -> byName(call, person -> requests.seal(new HostName(host), person)));
        change(
                "hosts/*/confirm-down",
                (call, host) -> byName(call, person -> requests.confirmDown(new HostName(host), person)));
        change("turn/take", (call, none) -> requests.turn(true));
        change("turn/end", (call, none) -> requests.turn(false));
        change(
                "hosts/*/fence-test",
                (call, host) -> requests.testFence(
                        new HostName(host),
                        call.target().query().getOrDefault("really", "").equals("true")));
        change("incidents/*/approve", (call, id) -> byPerson(call, id, requests::approve));
        change("incidents/*/hold", (call, id) -> byPerson(call, id, requests::hold));
        change("incidents/*/cancel", (call, id) -> byPerson(call, id, requests::cancel));
    }

    private void read(String path, Function<NodeView, JsonNode> document) {
        readNamed(path, (v, name) -> Reply.of(document.apply(v)));
    }

    private void readNamed(String path, BiFunction<NodeView, String, Reply> document) {
        add("GET", path, (call, name) -> {
            var query = call.target().query();
            if (query.containsKey("consistent") && query.containsKey("stale")) {
                return CompletableFuture.completedFuture(
                        Reply.refused(400, "Cannot specify ?stale with ?consistent, conflicting semantics."));
            }
            if (!query.containsKey("consistent")) {
                return CompletableFuture.completedFuture(document.apply(view.get(), name));
            }
            return requests.consistentView()
                    .orTimeout(CONSISTENT_SECONDS_MAX, TimeUnit.SECONDS)
                    .thenApply(v -> document.apply(v, name))
                    .exceptionally(
                            e -> Reply.refused(503, "No cluster leader: " + sentence(e, "no consistent answer")));
        });
    }

    private void change(String path, BiFunction<Call, String, CompletableFuture<NodeRequests.Answer>> request) {
        add(
                "PUT",
                path,
                (call, name) -> request.apply(call, name)
                        .orTimeout(CHANGE_SECONDS_MAX, TimeUnit.SECONDS)
                        .handle((answer, failure) -> failure == null
                                ? reply(answer)
                                : Reply.refused(
                                        503,
                                        sentence(failure, "no answer")
                                                + "; the change may still happen: look at /v1/view before"
                                                + " asking again")));
    }

    private void add(String method, String path, Handler handler) {
        var pattern = new ArrayList<String>();
        pattern.add("v1");
        pattern.addAll(List.of(path.split("/")));
        routes.add(new Route(method, pattern, handler));
    }

    private CompletableFuture<NodeRequests.Answer> maintenance(Call call, String host) {
        String on = call.target().query().getOrDefault("on", "");
        if (!on.equals("true") && !on.equals("false")) {
            return refuse(400, "expected ?on=true or ?on=false but found '" + on + "'");
        }
        return requests.maintenance(new HostName(host), on.equals("true"));
    }

    private static CompletableFuture<NodeRequests.Answer> byPerson(
            Call call, String id, BiFunction<IncidentId, String, CompletableFuture<NodeRequests.Answer>> request) {
        Optional<IncidentId> incident = incidentId(id);
        if (incident.isEmpty()) {
            return refuse(404, "there is no incident " + id + "; see /v1/incidents, or vmha incidents");
        }
        return byName(call, person -> request.apply(incident.get(), person));
    }

    private static CompletableFuture<NodeRequests.Answer> byName(
            Call call, Function<String, CompletableFuture<NodeRequests.Answer>> request) {
        return call.namedPerson()
                .map(request)
                .orElseGet(() -> refuse(
                        400,
                        "expected the name of the person who decides this (at most 100 characters) in the header"
                                + " X-Vmha-Person or as {\"person\": \"...\"} but found none"));
    }

    private static CompletableFuture<NodeRequests.Answer> refuse(int status, String sentence) {
        return CompletableFuture.completedFuture(new NodeRequests.Answer(status, sentence));
    }

    private static Reply reply(NodeRequests.Answer answer) {
        return answer.isOk()
                ? new Reply(
                        answer.status(),
                        JsonNodeFactory.instance.objectNode().put("message", answer.message()),
                        List.of())
                : Reply.refused(answer.status(), answer.message());
    }

    private static Reply orMissing(Optional<? extends JsonNode> document, String kind, String name, String hint) {
        return document.map(Reply::of)
                .orElseGet(() -> Reply.refused(404, "there is no " + kind + " " + name + " here; " + hint));
    }

    /** By its id, or by a name that only one VM has in the record. */
    private static Reply explainedVm(NodeView view, String word) {
        Optional<ObjectNode> byId = UpkeepDocuments.explained(view, word);
        if (byId.isPresent()) {
            return Reply.of(byId.get());
        }
        List<String> ids = UpkeepDocuments.idsOf(view, word);
        if (ids.size() > 1) {
            return Reply.refused(
                    409, ids.size() + " VMs are called " + word + "; ask by id, of " + String.join(", ", ids));
        }
        return ids.stream()
                .findFirst()
                .flatMap(id -> UpkeepDocuments.explained(view, id))
                .map(Reply::of)
                .orElseGet(() -> Reply.refused(
                        404,
                        "no VM with the id or name " + word + " is in the incidents, restarts and drains that this"
                                + " group remembers; openstack server list --all-projects shows ids"));
    }

    private static RecoveryState state(NodeView view) {
        return view.state().orElseGet(RecoveryState::empty);
    }

    private static Optional<Incident> incident(NodeView view, String id) {
        return incidentId(id).map(number -> state(view).incidents().get(number));
    }

    private static Optional<IncidentId> incidentId(String text) {
        return text.matches("[1-9][0-9]{0,17}") ? Optional.of(new IncidentId(Long.parseLong(text))) : Optional.empty();
    }

    private static String sentence(Throwable failure, String otherwise) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof TimeoutException) {
            return otherwise + " in time";
        }
        return cause.getMessage() == null ? otherwise : cause.getMessage();
    }
}

package io.vmha.node.consul;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmha.node.kv.KvSession;
import io.vmha.node.view.NodeView;
import io.vmha.node.view.NodeView.PoolMember;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * {@code /v1/catalog/…} and {@code /v1/health/…}: the gossip pool as this node sees it. There are nodes and their one check, and no
 * services. The index counts the changes that this node has seen since it started.
 */
final class CatalogPaths {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final long LOOK_AGAIN_MS = 500;
    private static final long WAIT_MS_USUAL = 300_000;
    /** Ignoring them would answer another question. */
    private static final List<String> SELECTIONS = List.of("filter", "node-meta");

    private static final int LEFT = 3;
    private static final int FAILED = 4;
    /** Those who look again and again; more of them get an answer at once. */
    private static final int WAITING_MAX = 64;

    private final Supplier<NodeView> view;
    private List<PoolMember> seen = List.of();
    private long index = 1;
    private int waiting;

    CatalogPaths(Supplier<NodeView> view) {
        this.view = view;
    }

    /** The datacenter that the pool says it is; {@code dc1} if it says nothing. */
    String datacenter() {
        NodeView now = view.get();
        return now.members().stream()
                .filter(m -> m.tags().getOrDefault("host", m.name()).equals(now.host()))
                .flatMap(m -> Optional.ofNullable(m.tags().get("dc")).stream())
                .findFirst()
                .orElse("dc1");
    }

    CompletableFuture<ConsulAnswer> answer(ConsulCall call, String room, String rest) {
        int slash = rest.indexOf('/');
        String what = room + "/" + (slash < 0 ? rest : rest.substring(0, slash));
        String name = slash < 0 ? "" : rest.substring(slash + 1);
        Optional<Function<List<PoolMember>, JsonNode>> document = switch (what) {
            case "catalog/datacenters" ->
                Optional.of(members -> JSON.arrayNode().add(datacenter()));
            case "catalog/nodes" -> Optional.of(members -> list(members, m -> true, this::node));
            case "catalog/services" -> Optional.of(members -> JSON.objectNode());
            case "catalog/service", "health/service", "health/checks" -> Optional.of(members -> JSON.arrayNode());
            case "catalog/node" -> Optional.of(members -> nodeWithServices(members, name));
            case "health/node" ->
                Optional.of(members -> list(members, m -> m.name().equals(name), this::check));
            case "health/state" ->
                Optional.of(members ->
                        list(members, m -> name.equals("any") || status(m).equals(name), this::check));
            default -> Optional.empty();
        };
        if (document.isEmpty()) {
            return ConsulApi.now(404, "");
        }
        if (!call.method().equals("GET")) {
            return ConsulApi.notAllowed(call, "GET");
        }
        for (String word : SELECTIONS) {
            if (call.has(word)) {
                return ConsulApi.now(400, "vmhad cannot select with ?" + word + ": take the whole list");
            }
        }
        if (what.equals("catalog/datacenters")) {
            return CompletableFuture.completedFuture(
                    ConsulAnswer.of(document.get().apply(List.of())));
        }
        Optional<Long> after = call.has("index") ? ConsulApi.number(call.text("index")) : Optional.of(0L);
        Optional<Long> wait = call.has("wait")
                ? GoDuration.parse(call.text("wait")).map(nanos -> nanos / 1_000_000)
                : Optional.of(WAIT_MS_USUAL);
        if (after.isEmpty() || wait.isEmpty()) {
            return ConsulApi.now(400, after.isEmpty() ? "Invalid index" : "Invalid wait time");
        }
        long waitMs = wait.get() <= 0 ? WAIT_MS_USUAL : Math.min(wait.get(), ConsulApi.WAIT_MS_MAX);
        return settled(after.get(), waitMs).thenApply(now -> shaped(call, document.get(), now));
    }

    private ConsulAnswer shaped(ConsulCall call, Function<List<PoolMember>, JsonNode> document, long now) {
        NodeView current = view.get();
        var headers = new TreeMap<String, String>();
        headers.put("X-Consul-Index", String.valueOf(now));
        headers.put("X-Consul-Knownleader", String.valueOf(current.leader().isPresent()));
        headers.put("X-Consul-Lastcontact", "0");
        headers.put(
                "X-Consul-Effective-Consistency",
                call.has("stale") ? "stale" : call.has("consistent") ? "consistent" : "leader");
        List<PoolMember> members =
                current.members().stream().filter(m -> m.status() != LEFT).toList();
        return ConsulAnswer.of(document.apply(members)).with(headers);
    }

    /** The index once it has passed this one, or when the time is over. */
    private CompletableFuture<Long> settled(long after, long waitMs) {
        var result = new CompletableFuture<Long>();
        settle(after, waitMs, result);
        return result;
    }

    private void settle(long after, long waitMs, CompletableFuture<Long> result) {
        long now = look();
        if (now > after || waitMs < LOOK_AGAIN_MS || !enter()) {
            result.complete(now);
            return;
        }
        CompletableFuture.delayedExecutor(LOOK_AGAIN_MS, TimeUnit.MILLISECONDS).execute(() -> {
            leave();
            settle(after, waitMs - LOOK_AGAIN_MS, result);
        });
    }

    private synchronized boolean enter() {
        if (waiting >= WAITING_MAX) {
            return false;
        }
        waiting++;
        return true;
    }

    private synchronized void leave() {
        waiting--;
    }

    private synchronized long look() {
        List<PoolMember> now = view.get().members();
        if (!now.equals(seen)) {
            seen = now;
            index++;
        }
        return index;
    }

    private static ArrayNode list(
            List<PoolMember> members, Predicate<PoolMember> wanted, Function<PoolMember, ObjectNode> shape) {
        ArrayNode list = JSON.arrayNode();
        members.stream().filter(wanted).map(shape).forEach(list::add);
        return list;
    }

    private JsonNode nodeWithServices(List<PoolMember> members, String name) {
        return members.stream()
                .filter(m -> m.name().equals(name))
                .findFirst()
                .<JsonNode>map(m -> {
                    ObjectNode both = JSON.objectNode();
                    both.set("Node", node(m));
                    both.putObject("Services");
                    return both;
                })
                .orElseGet(JSON::nullNode);
    }

    private ObjectNode node(PoolMember member) {
        ObjectNode node = JSON.objectNode()
                .put("ID", member.tags().getOrDefault("id", ""))
                .put("Node", member.name())
                .put("Address", member.address())
                .put("Datacenter", datacenter());
        ObjectNode addresses = node.putObject("TaggedAddresses");
        String family = member.address().indexOf(':') < 0 ? "_ipv4" : "_ipv6";
        for (String net : List.of("lan", "wan")) { // some clients take no node without both
            addresses.put(net, member.address()).put(net + family, member.address());
        }
        node.putNull("Meta");
        return node.put("CreateIndex", 1).put("ModifyIndex", 1);
    }

    private static String status(PoolMember member) {
        return member.status() == FAILED ? "critical" : "passing";
    }

    private ObjectNode check(PoolMember member) {
        ObjectNode check = JSON.objectNode()
                .put("Node", member.name())
                .put("CheckID", KvSession.SERF_HEALTH)
                .put("Name", "Serf Health Status")
                .put("Status", status(member))
                .put("Notes", "")
                .put(
                        "Output",
                        member.status() == FAILED ? "Agent not live or unreachable" : "Agent alive and reachable")
                .put("ServiceID", "")
                .put("ServiceName", "");
        check.putArray("ServiceTags");
        check.put("Type", "");
        check.putObject("Definition");
        return check.put("CreateIndex", 1).put("ModifyIndex", 1);
    }
}

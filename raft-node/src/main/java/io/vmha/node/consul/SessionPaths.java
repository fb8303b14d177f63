package io.vmha.node.consul;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmha.node.kv.KvCommand;
import io.vmha.node.kv.KvQuestion;
import io.vmha.node.kv.KvSession;
import io.vmha.node.view.NodeView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** {@code /v1/session/…}. */
final class SessionPaths {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** Consul's: the shortest and the longest time of a session, and of a lock's delay. */
    private static final long TTL_MS_MIN = 10_000;

    private static final long TTL_MS_MAX = 86_400_000;
    private static final long LOCK_DELAY_MS_USUAL = 15_000;
    private static final long LOCK_DELAY_MS_MAX = 60_000;
    /** Consul: a delay that is a number below this means seconds, otherwise nanoseconds. */
    private static final long SECONDS_BELOW = 1_000;

    private final ConsulApi api;
    private final Supplier<NodeView> view;
    private final String self;

    /** A request to create a session that cannot be granted. */
    private static final class BadSession extends Exception {
        private static final long serialVersionUID = 1L;
        private final int status;

        BadSession(int status, String message) {
            super(message);
            this.status = status;
        }
    }

    SessionPaths(ConsulApi api, Supplier<NodeView> view, String self) {
        this.api = api;
        this.view = view;
        this.self = self;
    }

    CompletableFuture<ConsulAnswer> answer(ConsulCall call, String rest) {
        int slash = rest.indexOf('/');
        String verb = slash < 0 ? rest : rest.substring(0, slash);
        String name = slash < 0 ? "" : rest.substring(slash + 1);
        boolean change = List.of("create", "destroy", "renew").contains(verb);
        if (!change && !List.of("info", "list", "node").contains(verb)) {
            return ConsulApi.now(404, "");
        }
        if (!call.method().equals(change ? "PUT" : "GET")) {
            return ConsulApi.notAllowed(call, change ? "PUT" : "GET");
        }
        if (name.isEmpty() && !verb.equals("create") && !verb.equals("list")) {
            return ConsulApi.now(400, verb.equals("node") ? "Missing node name" : "Missing session");
        }
        return switch (verb) {
            case "create" -> create(call);
            case "destroy" ->
                api.change(new KvCommand.EndSession(name))
                        .thenApply(outcome ->
                                ConsulApi.refusal(outcome).orElseGet(() -> ConsulAnswer.of(JSON.booleanNode(true))));
            case "renew" -> renew(name);
            case "info" -> list(call, new KvQuestion.Sessions(Optional.of(name)), session -> true);
            case "node" ->
                list(
                        call,
                        new KvQuestion.Sessions(Optional.empty()),
                        session -> session.node().equals(name));
            default -> list(call, new KvQuestion.Sessions(Optional.empty()), session -> true);
        };
    }

    private CompletableFuture<ConsulAnswer> list(ConsulCall call, KvQuestion question, Predicate<KvSession> wanted) {
        return api.read(call, question, answer -> {
            ArrayNode list = JSON.arrayNode();
            answer.sessions().stream().filter(wanted).forEach(s -> list.add(document(s)));
            return ConsulAnswer.of(list);
        });
    }

    private CompletableFuture<ConsulAnswer> renew(String id) {
        return api.keys()
                .renew(id)
                .thenApply(session -> session.map(
                                s -> ConsulAnswer.of(JSON.arrayNode().add(document(s))))
                        .orElseGet(() -> ConsulAnswer.text(404, "Session id '" + id + "' not found")));
    }

    private CompletableFuture<ConsulAnswer> create(ConsulCall call) {
        KvSession session;
        try {
            session = session(body(call));
        } catch (BadSession e) {
            return ConsulApi.now(e.status, e.getMessage());
        }
        return api.change(new KvCommand.CreateSession(session))
                .thenApply(outcome -> ConsulApi.refusal(outcome)
                        .orElseGet(() -> ConsulAnswer.of(JSON.objectNode().put("ID", session.id()))));
    }

    private static JsonNode body(ConsulCall call) throws BadSession {
        try {
            JsonNode body = call.body().size() == 0
                    ? JSON.objectNode()
                    : MAPPER.readTree(call.body().bytes());
            if (body instanceof ObjectNode || body.isNull()) {
                return withoutCase(body);
            }
            throw new BadSession(400, "Request decode failed: expected a JSON object but found " + body.getNodeType());
        } catch (JsonProcessingException e) {
            throw new BadSession(400, "Request decode failed: " + e.getOriginalMessage());
        } catch (IOException e) {
            throw new BadSession(400, "Request decode failed: " + e.getMessage());
        }
    }

    /** Go takes the names of fields in any case, and some of Consul's clients write them small. */
    private static JsonNode withoutCase(JsonNode body) {
        ObjectNode small = JSON.objectNode();
        body.properties().forEach(field -> small.set(field.getKey().toLowerCase(Locale.ROOT), field.getValue()));
        return small;
    }

    private KvSession session(JsonNode body) throws BadSession {
        String node = body.path("node").asText("");
        boolean known = node.isEmpty()
                || view.get().members().stream().anyMatch(m -> m.name().equals(node));
        if (!known) {
            throw new BadSession(500, "Missing node registration");
        }
        String behavior = body.path("behavior").asText("");
        if (!List.of("", "release", "delete").contains(behavior)) {
            throw new BadSession(500, "Invalid Behavior setting '" + behavior + "'");
        }
        return new KvSession(
                UUID.randomUUID().toString(),
                body.path("name").asText(""),
                node.isEmpty() ? self : node,
                ttlMs(body.path("ttl")),
                lockDelayMs(body.path("lockdelay")),
                behavior.equals("delete"),
                checks(body),
                0,
                0);
    }

    /** Without any word about checks, the session stands and falls with its node. */
    private static List<String> checks(JsonNode body) throws BadSession {
        JsonNode named = body.hasNonNull("nodechecks") ? body.path("nodechecks") : body.path("checks");
        var checks = new ArrayList<String>();
        if (!named.isArray()) {
            checks.add(KvSession.SERF_HEALTH);
        }
        for (JsonNode check : named) {
            if (!check.asText().equals(KvSession.SERF_HEALTH)) {
                throw new BadSession(
                        500,
                        "Missing check '" + check.asText() + "' registration: there is only " + KvSession.SERF_HEALTH);
            }
            checks.add(check.asText());
        }
        return checks;
    }

    private static long ttlMs(JsonNode ttl) throws BadSession {
        String text = ttl.asText("");
        if (text.isEmpty() || ttl.isNull()) {
            return 0;
        }
        long nanos = GoDuration.parse(text)
                .orElseThrow(() -> new BadSession(
                        500, "Request TTL decode failed: expected a duration such as 15s but found '" + text + "'"));
        long millis = nanos / 1_000_000;
        if (nanos != 0 && (millis < TTL_MS_MIN || millis > TTL_MS_MAX)) {
            throw new BadSession(
                    500,
                    "Invalid Session TTL '" + nanos + "', must be between [" + GoDuration.print(TTL_MS_MIN) + "="
                            + GoDuration.print(TTL_MS_MAX) + "]");
        }
        return millis;
    }

    private static long lockDelayMs(JsonNode delay) throws BadSession {
        if (delay.isMissingNode() || delay.isNull()) {
            return LOCK_DELAY_MS_USUAL;
        }
        long millis;
        if (delay.isNumber()) {
            double number = delay.asDouble();
            millis = (long) (number < SECONDS_BELOW ? number * 1_000 : number / 1_000_000);
        } else {
            millis = GoDuration.parse(delay.asText())
                    .map(nanos -> nanos / 1_000_000)
                    .orElseThrow(() -> new BadSession(
                            400,
                            "Request decode failed: expected a duration such as 15s as LockDelay but found '"
                                    + delay.asText() + "'"));
        }
        return Math.max(0, Math.min(millis, LOCK_DELAY_MS_MAX));
    }

    private static ObjectNode document(KvSession session) {
        ObjectNode node = JSON.objectNode()
                .put("ID", session.id())
                .put("Name", session.name())
                .put("Node", session.node())
                .put("LockDelay", session.lockDelayMs() * 1_000_000)
                .put("Behavior", session.deletes() ? "delete" : "release")
                .put("TTL", session.ttlMs() == 0 ? "" : GoDuration.print(session.ttlMs()));
        session.nodeChecks().forEach(node.putArray("NodeChecks")::add);
        return node.putNull("ServiceChecks")
                .put("CreateIndex", session.createIndex())
                .put("ModifyIndex", session.modifyIndex());
    }
}

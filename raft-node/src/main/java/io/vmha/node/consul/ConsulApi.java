package io.vmha.node.consul;

import io.vmha.node.kv.KvCommand.Outcome;
import io.vmha.node.kv.KvQuestion;
import io.vmha.node.view.Keys;
import io.vmha.node.view.Keys.Consistency;
import io.vmha.node.view.Keys.Reading;
import io.vmha.node.view.KeysException;
import io.vmha.node.view.NodeView;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/** The paths of Consul's HTTP API that lead to keys, sessions, and the pool as a catalog. */
public final class ConsulApi {
    /** Consul's longest wait; the HTTP server must keep a connection for longer. */
    public static final long WAIT_MS_MAX = 600_000;

    private static final long WAIT_MS_USUAL = 300_000;
    private static final int JITTER_SHARE = 16;
    private static final List<String> ROOMS = List.of("kv", "session", "catalog", "health");
    /** Rooms that are partly ours: these have documents of their own. */
    private static final List<String> ELSEWHERE = List.of("/v1/agent/self", "/v1/agent/members");

    private final Keys keys;
    private final KvPaths kv;
    private final SessionPaths sessions;
    private final CatalogPaths catalog;
    private final OtherPaths other;
    private final RandomGenerator random;

    /**
     * The paths over one node.
     *
     * @param node this node's name in the pool
     * @param random spreads the answers to clients that have waited in vain; it need not be good
     */
    public ConsulApi(Keys keys, Supplier<NodeView> view, String node, RandomGenerator random) {
        this.keys = keys;
        this.random = random;
        this.kv = new KvPaths(this);
        this.sessions = new SessionPaths(this, view, node);
        this.catalog = new CatalogPaths(view);
        this.other = new OtherPaths(view);
    }

    /** True if a request with this path is to be answered here. */
    public static boolean isMine(String rawPath) {
        return !ELSEWHERE.contains(rawPath) && (isIn(ROOMS, rawPath) || isIn(OtherPaths.ROOMS, rawPath));
    }

    private static boolean isIn(List<String> rooms, String rawPath) {
        return rooms.stream()
                .anyMatch(room -> rawPath.startsWith("/v1/" + room)
                        && (rawPath.length() == room.length() + 4 || rawPath.charAt(room.length() + 4) == '/'));
    }

    /** Answers a call. The future never fails and completes within the longest wait and some seconds. */
    public CompletableFuture<ConsulAnswer> answer(ConsulCall call) {
        if (call.has("stale") && call.has("consistent")) {
            return now(400, "Cannot specify ?stale with ?consistent, conflicting semantics.");
        }
        String dc = call.text("dc");
        if (!dc.isEmpty() && !dc.equals(catalog.datacenter())) {
            return now(500, "No path to datacenter");
        }
        int slash = call.path().indexOf('/');
        String room = slash < 0 ? call.path() : call.path().substring(0, slash);
        String rest = slash < 0 ? "" : call.path().substring(slash + 1);
        CompletableFuture<ConsulAnswer> answer = switch (room) {
            case "kv" -> kv.answer(call, rest);
            case "session" -> sessions.answer(call, rest);
            case "catalog", "health" -> catalog.answer(call, room, rest);
            default -> other.answer(call);
        };
        return answer.exceptionally(ConsulApi::explain);
    }

    /** Reads, waits if the client asks to, and adds Consul's headers. */
    CompletableFuture<ConsulAnswer> read(
            ConsulCall call, KvQuestion question, Function<KvQuestion.Answer, ConsulAnswer> shape) {
        Consistency consistency = call.has("stale") ? Consistency.STALE : Consistency.LINEARIZABLE;
        Optional<Long> index = call.has("index") ? number(call.text("index")) : Optional.of(0L);
        if (index.isEmpty()) {
            return now(400, "Invalid index");
        }
        Optional<Long> wait = call.has("wait")
                ? GoDuration.parse(call.text("wait")).map(nanos -> nanos / 1_000_000)
                : Optional.of(WAIT_MS_USUAL);
        if (wait.isEmpty()) {
            return now(400, "Invalid wait time");
        }
        CompletableFuture<Reading> reading = index.get() == 0
                ? keys.read(question, consistency)
                : keys.readAfter(question, consistency, index.get(), withJitter(wait.get()));
        return reading.thenApply(r -> r.answer()
                .refusal()
                .map(why -> ConsulAnswer.text(500, why))
                .orElseGet(() -> shape.apply(r.answer()).with(headers(r))));
    }

    private long withJitter(long waitMs) {
        long wait = waitMs <= 0 ? WAIT_MS_USUAL : Math.min(waitMs, WAIT_MS_MAX);
        return wait + random.nextLong(wait / JITTER_SHARE + 1);
    }

    CompletableFuture<Outcome> change(io.vmha.node.kv.KvCommand command) {
        return keys.change(command);
    }

    Keys keys() {
        return keys;
    }

    static SortedMap<String, String> headers(Reading reading) {
        var headers = new TreeMap<String, String>();
        headers.put("X-Consul-Index", String.valueOf(reading.answer().index()));
        headers.put("X-Consul-Knownleader", String.valueOf(reading.knownLeader()));
        headers.put("X-Consul-Lastcontact", String.valueOf(reading.lastContactMs()));
        return headers;
    }

    /** What is refused is told as Consul tells it: as an error of the server, in plain text. */
    static Optional<ConsulAnswer> refusal(Outcome outcome) {
        return outcome.refusal().map(why -> ConsulAnswer.text(500, why));
    }

    /** A number as Go's unsigned 64 bits. */
    static Optional<Long> number(String text) {
        try {
            return text.matches("[0-9]{1,20}") ? Optional.of(Long.parseUnsignedLong(text)) : Optional.empty();
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    static CompletableFuture<ConsulAnswer> now(int status, String sentence) {
        return CompletableFuture.completedFuture(ConsulAnswer.text(status, sentence));
    }

    static CompletableFuture<ConsulAnswer> notAllowed(ConsulCall call, String... allow) {
        return CompletableFuture.completedFuture(ConsulAnswer.notAllowed(call.method(), List.of(allow)));
    }

    private static ConsulAnswer explain(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (!(cause instanceof KeysException e)) {
            throw new CompletionException(cause);
        }
        return switch (e.kind()) {
            case NO_LEADER -> ConsulAnswer.text(500, "No cluster leader: " + e.getMessage());
            case UNKNOWN ->
                ConsulAnswer.text(
                        500, "rpc error: " + e.getMessage() + "; a change may still happen: read before trying again");
            case TOO_LARGE -> ConsulAnswer.text(413, e.getMessage());
            case TOO_MANY -> ConsulAnswer.text(429, e.getMessage());
            case REFUSED -> ConsulAnswer.text(500, e.getMessage());
        };
    }
}

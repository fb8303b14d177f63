package io.vmha.testcluster.faults.workload;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.testcluster.faults.history.Kinds;
import io.vmha.testcluster.faults.lab.Daemons;
import io.vmha.testcluster.faults.lab.LabHost;
import io.vmha.testcluster.faults.lab.TestBed;
import io.vmha.testcluster.history.HistoryRecorder;
import io.vmha.testcluster.history.Operation;
import io.vmha.testcluster.history.Operation.Action;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongSupplier;

/** Five clients of the store, each at a daemon of its own choice each time: of registers, of lists that grow, or of locks. */
final class StoreWorkload implements Workload {
    private static final int CLIENTS = 5;
    private static final int KEYS = 3;
    private static final long PAUSE_MS = 200;
    private static final int KEY_CALLS_MAX = 300; // a fresh key now and then: the checker's search stays short
    private static final Duration LIMIT = Duration.ofSeconds(5);
    private static final int OK = 200;

    /** What is used. */
    enum Kind {
        REGISTER,
        APPEND,
        LOCK
    }

    /** Without a lock delay: the model of a lock knows none, and a lock whose session has ended may be taken at once. */
    private static final String SESSION = "{\"TTL\":\"86400s\",\"LockDelay\":\"0s\",\"Behavior\":\"release\"}";

    private static final String SESSION_IS_OVER = "invalid session";

    private final Kind object;

    StoreWorkload(Kind object) {
        this.object = object;
    }

    @Override
    public String name() {
        return object.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public String about() {
        return switch (object) {
            case REGISTER -> "five clients read, write and swap values in the store";
            case APPEND -> "five clients append to lists in the store";
            case LOCK -> "five clients with sessions take and give back locks";
        };
    }

    @Override
    public Running start(TestBed bed, Random dice) {
        long origin = System.nanoTime();
        LongSupplier nanos = () -> System.nanoTime() - origin;
        var recorder = new HistoryRecorder(nanos);
        List<Client> all = new ArrayList<>();
        List<Turns> clients = new ArrayList<>();
        for (int i = 1; i <= CLIENTS; i++) {
            var client = new Client(name() + "-" + i, bed, recorder, nanos, new Random(dice.nextLong()));
            all.add(client);
            clients.add(new Turns(name() + "-" + i, PAUSE_MS, client::turn));
        }
        long beganMs = bed.history().nowMs();
        return () -> {
            clients.forEach(Turns::close);
            all.forEach(Client::leaveSession);
            recorder.history().forEach(operation -> note(bed, beganMs, operation));
        };
    }

    private void note(TestBed bed, long beganMs, Operation operation) {
        bed.history().recordAt(beganMs + operation.invokedAt() / 1_000_000L, Kinds.OPERATION, event -> {
            event.put("object", name())
                    .put("client", operation.client())
                    .put("key", operation.key())
                    .put("action", operation.action().name())
                    .put("argument", operation.argument())
                    .put("outcome", operation.outcome().name())
                    .put("from_ns", operation.invokedAt())
                    .put("to_ns", operation.endedAt());
            operation.expected().ifPresent(expected -> event.put("expected", expected));
            operation.answer().ifPresent(answer -> event.put("answer", answer));
        });
    }

    /** One client, with at most one call under way. */
    private final class Client {
        private final String name;
        private final TestBed bed;
        private final HistoryRecorder recorder;
        private final Random dice;
        private int values;
        private int calls;
        private final LongSupplier nanos;
        private String session = "";
        private long sessionFrom;
        private final Set<String> locksTried = new TreeSet<>();

        private Client(String name, TestBed bed, HistoryRecorder recorder, LongSupplier nanos, Random dice) {
            this.name = name;
            this.bed = bed;
            this.recorder = recorder;
            this.nanos = nanos;
            this.dice = dice;
        }

        private void turn() {
            List<LabHost> living = bed.living();
            if (living.isEmpty()) {
                return;
            }
            calls++;
            LabHost at = living.get(dice.nextInt(living.size()));
            String key = "faults/" + StoreWorkload.this.name() + "/" + calls / (KEY_CALLS_MAX / CLIENTS) + "-"
                    + dice.nextInt(KEYS);
            switch (object) {
                case REGISTER -> register(at, key);
                case APPEND -> append(at, key);
                case LOCK -> lock(at, key);
            }
        }

        private String freshValue() {
            values++;
            return name + "." + values;
        }

        private void register(LabHost at, String key) {
            int choice = dice.nextInt(10);
            if (choice < 5) {
                read(at, key);
            } else if (choice < 8) {
                String value = freshValue();
                var call = recorder.begin(name, key, Action.WRITE, value);
                Daemons.Reply reply = send(at, "PUT", key, "", value);
                end(call, reply, true);
            } else {
                Entry entry = look(at, key);
                if (entry.known) {
                    String value = freshValue();
                    var call = recorder.beginSwap(name, key, entry.value, value);
                    end(call, send(at, "PUT", key, "?cas=" + entry.index, value), false);
                }
            }
        }

        /** A swap by index is an append if it succeeds: nobody can have come between. */
        private void append(LabHost at, String key) {
            if (dice.nextInt(3) == 0) {
                read(at, key);
                return;
            }
            Entry entry = look(at, key);
            if (entry.known) {
                String element = freshValue();
                var call = recorder.begin(name, key, Action.APPEND, element);
                String list = entry.value.map(value -> value + " " + element).orElse(element);
                Daemons.Reply reply = send(at, "PUT", key, "?cas=" + entry.index, list);
                if (reply.status() == OK && reply.body().equals("false")) {
                    call.failed();
                } else {
                    end(call, reply, true);
                }
            }
        }

        private void lock(LabHost at, String key) {
            if (session.isEmpty()) {
                Daemons.Reply reply = bed.daemons().send(at, "PUT", "/v1/session/create", SESSION, LIMIT);
                session = reply.status() == OK ? reply.json().path("ID").asText("") : "";
                sessionFrom = nanos.getAsLong();
                return;
            }
            Action action = dice.nextInt(2) == 0 ? Action.ACQUIRE : Action.RELEASE;
            locksTried.add(key);
            var call = recorder.begin(name, key, action, session);
            Daemons.Reply reply =
                    send(at, "PUT", key, "?" + action.name().toLowerCase(Locale.ROOT) + "=" + session, session);
            end(call, reply, false);
            if (reply.body().startsWith(SESSION_IS_OVER)) {
                leaveSession();
            }
        }

        /** A session stands and falls with the daemon at which it was made: it may have ended at any time, and nobody tells. */
        private void leaveSession() {
            locksTried.forEach(lock -> recorder.mayEnd(lock, session, sessionFrom));
            locksTried.clear();
            session = "";
        }

        private void read(LabHost at, String key) {
            var call = recorder.begin(name, key, Action.READ, "");
            Entry entry = look(at, key);
            if (entry.known) {
                call.done(entry.value);
            } else {
                call.failed();
            }
        }

        /** A consistent read: the value with its index; index 0 means that there is none. */
        private Entry look(LabHost at, String key) {
            Daemons.Reply reply = send(at, "GET", key, "?consistent", "");
            JsonNode entry = reply.json().path(0);
            if (reply.status() == OK && entry.path("ModifyIndex").isIntegralNumber()) {
                String value = new String(
                        Base64.getDecoder().decode(entry.path("Value").asText("")),
                        java.nio.charset.StandardCharsets.UTF_8);
                return new Entry(
                        true, Optional.of(value), entry.path("ModifyIndex").asLong());
            }
            boolean none =
                    reply.status() == 404 && reply.header("X-Consul-Index").isPresent();
            return new Entry(none, Optional.empty(), 0);
        }

        private Daemons.Reply send(LabHost at, String method, String key, String query, String body) {
            return bed.daemons().send(at, method, "/v1/kv/" + key + query, body, LIMIT);
        }

        /** @param always a write that is acknowledged is done; a swap or a lock's call is answered with yes or no */
        private void end(HistoryRecorder.Call call, Daemons.Reply reply, boolean always) {
            boolean yes = reply.body().equals("true");
            if (reply.status() == OK && (yes || reply.body().equals("false"))) {
                if (always) {
                    call.done(Optional.empty());
                } else {
                    call.done(yes);
                }
            } else if (reply.status() / 100 == 4 || reply.body().startsWith(SESSION_IS_OVER)) {
                call.failed(); // refused: it has no effect
            } else {
                call.unknown();
            }
        }
    }

    private record Entry(boolean known, Optional<String> value, long index) {}
}

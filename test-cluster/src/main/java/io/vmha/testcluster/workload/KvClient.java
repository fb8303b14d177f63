package io.vmha.testcluster.workload;

import io.vmha.testcluster.history.HistoryRecorder;
import io.vmha.testcluster.history.Operation.Action;
import io.vmha.testcluster.workload.KvHttp.Found;
import io.vmha.testcluster.workload.KvHttp.Kind;
import io.vmha.testcluster.workload.KvHttp.Reply;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * One of some clients that use registers, lists and locks at the same time, and record it. One thread calls {@link #once} again and again.
 *
 * <p>Every value is written once only, so a swap by index is a swap by value. A key is left after {@link #CALLS_FOR_A_KEY} calls or so:
 * histories of single keys stay short enough to be checked.
 */
public final class KvClient {
    /** Calls of all clients after which the next key is used. */
    public static final int CALLS_FOR_A_KEY = 150;

    private static final long TTL_S = 10;
    private static final long RENEW_AFTER_NANOS = 3_000_000_000L;
    private static final int ABANDON_PERCENT = 3;

    private final String name;
    private final KvHttp http;
    private final HistoryRecorder recorder;
    private final Random dice;
    private final AtomicLong calls;
    private final LongSupplier nanos;
    private Optional<Session> session = Optional.empty();

    /** A session of this client and the locks that it has tried to take. */
    private static final class Session {
        private final String id;
        private final Set<String> locks = new LinkedHashSet<>();
        /** When the newest renewal that was granted, or the creation, was asked for. */
        private long renewedAt;

        Session(String id, long renewedAt) {
            this.id = id;
            this.renewedAt = renewedAt;
        }
    }

    /**
     * A client.
     *
     * @param calls counts the calls of all clients of a run
     * @param nanos the recorder's clock
     */
    public KvClient(
            String name, KvHttp http, HistoryRecorder recorder, Random dice, AtomicLong calls, LongSupplier nanos) {
        this.name = name;
        this.http = http;
        this.recorder = recorder;
        this.dice = dice;
        this.calls = calls;
        this.nanos = nanos;
    }

    /** One call, of any kind. */
    public void once() {
        long number = calls.incrementAndGet();
        String era = String.format(Locale.ROOT, "%05d", number / CALLS_FOR_A_KEY);
        if (dice.nextInt(10) == 0) {
            http.turnToAnother();
        }
        switch (dice.nextInt(9)) {
            case 0, 1 -> read("reg/" + era);
            case 2 -> write("reg/" + era, "w" + number);
            case 3 -> swap("reg/" + era, "s" + number);
            case 4 -> append("list/" + era, "e" + number);
            case 5 -> read("list/" + era);
            case 6 -> acquire("lock/" + era);
            case 7 -> release("lock/" + era);
            default -> readHolder("lock/" + era);
        }
    }

    private void read(String key) {
        var call = recorder.begin(name, key, Action.READ, "");
        http.read(key).ifPresentOrElse(found -> call.done(found.value()), call::unknown);
    }

    private void readHolder(String key) {
        var call = recorder.begin(name, key, Action.READ, "");
        http.read(key).ifPresentOrElse(found -> call.done(found.session()), call::unknown);
    }

    private void write(String key, String value) {
        var call = recorder.begin(name, key, Action.WRITE, value);
        end(call, http.put("/v1/kv/" + key, value), false);
    }

    private void swap(String key, String value) {
        Optional<Found> seen = http.read(key);
        if (seen.isPresent()) {
            var call = recorder.beginSwap(name, key, seen.get().value(), value);
            end(call, http.put("/v1/kv/" + key + "?cas=" + seen.get().modifyIndex(), value), true);
        }
    }

    /** Reads the list and swaps it for a longer one; when somebody else was faster, nothing was appended. */
    private void append(String key, String element) {
        Optional<Found> seen = http.read(key);
        if (seen.isEmpty()) {
            return;
        }
        String longer = seen.get().value().map(list -> list + " ").orElse("") + element;
        var call = recorder.begin(name, key, Action.APPEND, element);
        Reply reply = http.put("/v1/kv/" + key + "?cas=" + seen.get().modifyIndex(), longer);
        if (reply.kind() == Kind.ANSWERED && !reply.isTrue()) {
            call.failed();
        } else {
            end(call, reply, false);
        }
    }

    private static void end(HistoryRecorder.Call call, Reply reply, boolean isQuestion) {
        switch (reply.kind()) {
            case ANSWERED -> call.done(isQuestion ? Optional.of(Boolean.toString(reply.isTrue())) : Optional.empty());
            case NO_EFFECT -> call.failed();
            case UNKNOWN -> call.unknown();
        }
    }

    private void acquire(String key) {
        Optional<Session> mine = aliveSession();
        if (mine.isEmpty()) {
            return;
        }
        mine.get().locks.add(key);
        var call = recorder.begin(name, key, Action.ACQUIRE, mine.get().id);
        Reply reply = http.put("/v1/kv/" + key + "?acquire=" + mine.get().id, name);
        end(call, reply, true);
        if (reply.body().startsWith("invalid session")) {
            abandon();
        }
    }

    private void release(String key) {
        if (session.isEmpty() || !session.get().locks.contains(key)) {
            return;
        }
        if (dice.nextInt(100) < ABANDON_PERCENT) {
            destroy();
            return;
        }
        var call = recorder.begin(name, key, Action.RELEASE, session.get().id);
        end(call, http.put("/v1/kv/" + key + "?release=" + session.get().id, ""), true);
    }

    /** A session that was renewed a moment ago; now and then one is abandoned, so that its time runs out. */
    private Optional<Session> aliveSession() {
        if (session.isPresent() && dice.nextInt(100) < ABANDON_PERCENT) {
            abandon();
        }
        if (session.isPresent() && nanos.getAsLong() - session.get().renewedAt > RENEW_AFTER_NANOS) {
            long askedAt = nanos.getAsLong();
            Reply reply = http.put("/v1/session/renew/" + session.get().id, "");
            if (reply.kind() == Kind.ANSWERED && reply.status() == 200) {
                session.get().renewedAt = askedAt;
            } else {
                abandon();
            }
        }
        if (session.isEmpty()) {
            long askedAt = nanos.getAsLong();
            Reply reply = http.put(
                    "/v1/session/create",
                    "{\"Name\": \"" + name + "\", \"TTL\": \"" + TTL_S + "s\", \"LockDelay\": \"0s\", \"Checks\": []}");
            if (reply.kind() == Kind.ANSWERED && reply.status() == 200) {
                session = Optional.of(new Session(reply.json().path("ID").asText(), askedAt));
            }
        }
        return session;
    }

    /** Nobody renews it any more: it may end from its time on. */
    private void abandon() {
        session.ifPresent(
                s -> s.locks.forEach(lock -> recorder.mayEnd(lock, s.id, s.renewedAt + TTL_S * 1_000_000_000L)));
        session = Optional.empty();
    }

    private void destroy() {
        Session mine = session.orElseThrow();
        var ends = mine.locks.stream()
                .map(lock -> recorder.begin(name, lock, Action.END_SESSION, mine.id))
                .toList();
        Reply reply = http.put("/v1/session/destroy/" + mine.id, "");
        ends.forEach(call -> end(call, reply, false));
        abandon(); // if it was not destroyed after all
    }

    /** The client ends; what it holds stays until its session's time is over. */
    public void leave() {
        abandon();
    }

    /** Reads every key that the run has used, after everything is well again: what was acknowledged must still be there. */
    public void readAll(long callsMade) {
        for (long era = 0; era <= callsMade / CALLS_FOR_A_KEY; era++) {
            String suffix = String.format(Locale.ROOT, "%05d", era);
            read("reg/" + suffix);
            read("list/" + suffix);
            readHolder("lock/" + suffix);
        }
    }
}

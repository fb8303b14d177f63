package io.vmha.recovery.openstack;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vmha.recovery.core.ComputeException;
import io.vmha.recovery.core.ComputeException.Kind;
import java.io.IOException;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Calls to Nova with an explicit microversion each. A refused token is renewed once; reads are repeated a few times within the time limit
 * of the call; an answer other than the expected status is always an exception.
 */
final class NovaLink {
    static final int ATTEMPTS_MAX = 3;
    private static final long PAUSE_MS = 150;
    private static final int WORDS_MAX = 300;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpLink link;
    private final Sessions sessions;
    private final BooleanSupplier mayChange;

    NovaLink(HttpLink link, Sessions sessions) {
        this(link, sessions, () -> true);
    }

    private NovaLink(HttpLink link, Sessions sessions, BooleanSupplier mayChange) {
        this.link = link;
        this.sessions = sessions;
        this.mayChange = mayChange;
    }

    /** The same, which asks right before it sends what changes anything, each time. */
    NovaLink onlyWhile(BooleanSupplier stands) {
        return new NovaLink(link, sessions, stands);
    }

    /** An answer, with the call it belongs to for the sentences about it. */
    record Reply(HttpLink.Call call, HttpLink.Answer answer) {
        JsonNode json() {
            return NovaLink.json(call, answer);
        }

        /** The exception for an answer that has the right status and makes no sense. */
        ComputeException garbled(String what) {
            return new ComputeException(
                    Kind.UNKNOWN,
                    answer.status(),
                    call + " answered " + answer.status() + " but " + what
                            + "; is this Nova, or a proxy in front of it?",
                    null);
        }
    }

    Microversion.Range versions(Deadline deadline) {
        return sessions.current(deadline).versions();
    }

    /** Reads with repetition; the function sees only answers with status 200 and may throw {@link Reply#garbled}. */
    <T> T read(String path, Microversion version, Deadline deadline, Function<Reply, T> meaning) {
        return repeated(deadline, () -> readOnce(path, version, deadline, meaning));
    }

    <T> T readOnce(String path, Microversion version, Deadline deadline, Function<Reply, T> meaning) {
        var reply = call("GET", path, version, Map.of(), deadline);
        if (reply.answer().status() != 200) {
            throw failure(reply.call(), reply.answer());
        }
        return meaning.apply(reply);
    }

    /** Sends once (twice if the token was refused, which changes nothing) and returns whatever came back. */
    Reply call(String method, String path, Microversion version, Map<String, ?> body, Deadline deadline) {
        var session = sessions.current(deadline);
        var reply = send(session, method, path, version, body, deadline);
        if (reply.answer().status() == 401) {
            session = sessions.after(session, deadline);
            reply = send(session, method, path, version, body, deadline);
        }
        return reply;
    }

    private Reply send(
            Session session, String method, String path, Microversion version, Map<String, ?> body, Deadline deadline) {
        if (!session.versions().has(version)) {
            throw new ComputeException(
                    Kind.REFUSED,
                    0,
                    "Nova at " + session.nova() + " speaks microversions " + session.versions() + " but " + version
                            + " is needed (OpenStack Queens or newer)",
                    null);
        }
        var headers = new LinkedHashMap<String, String>();
        headers.put("X-Auth-Token", session.token());
        headers.put("OpenStack-API-Version", version.header());
        headers.put("Accept", "application/json");
        if (!body.isEmpty()) {
            headers.put("Content-Type", "application/json");
        }
        var call = new HttpLink.Call(method, URI.create(session.nova() + path), headers, written(body));
        if (!method.equals("GET") && !mayChange.getAsBoolean()) {
            throw new ComputeException(
                    Kind.NOT_SENT,
                    0,
                    call + " was not sent: the leadership in which it was decided has ended, or was not proven lately",
                    null);
        }
        return new Reply(call, link.exchange(call, deadline));
    }

    private static String written(Map<String, ?> body) {
        try {
            return body.isEmpty() ? "" : JSON.writeValueAsString(body);
        } catch (IOException e) {
            throw new IllegalStateException("cannot write " + body, e);
        }
    }

    /** Repeats what ended in UNKNOWN, within the deadline. Only for reads and for what reads first. */
    <T> T repeated(Deadline deadline, Supplier<T> task) {
        for (int attempt = 1; ; attempt++) {
            try {
                return task.get();
            } catch (ComputeException e) {
                long pauseMs = PAUSE_MS << (attempt - 1);
                boolean again = e.kind() == Kind.UNKNOWN
                        && attempt < ATTEMPTS_MAX
                        && deadline.left().toMillis() > pauseMs
                        && !Thread.currentThread().isInterrupted();
                if (!again || !link.pause(pauseMs)) {
                    throw e;
                }
            }
        }
    }

    /** The exception for a status that was not expected. */
    static ComputeException failure(HttpLink.Call call, HttpLink.Answer answer) {
        int status = answer.status();
        var sentence = call + " answered " + status + ": " + wordsOf(answer);
        if (status == 401) {
            return new ComputeException(
                    Kind.UNAUTHORIZED,
                    status,
                    sentence + "; Nova refuses even a fresh token: can it reach Keystone?",
                    null);
        }
        if (status == 403) {
            return new ComputeException(
                    Kind.UNAUTHORIZED, status, sentence + "; the user needs Nova's admin role in this project", null);
        }
        // 408 comes from a proxy that may have passed the request on
        boolean refused = status >= 400 && status < 500 && status != 408;
        return new ComputeException(refused ? Kind.REFUSED : Kind.UNKNOWN, status, sentence, null);
    }

    static JsonNode json(HttpLink.Call call, HttpLink.Answer answer) {
        try {
            var tree = JSON.readTree(answer.body());
            if (tree != null && tree.isObject()) {
                return tree;
            }
        } catch (IOException e) {
            // not JSON: reported below without the parser's words, which quote the body
        }
        throw new Reply(call, answer).garbled("with " + answer.body().length() + " characters that are no JSON object");
    }

    /** The server's own message if there is one, in one line of bounded length. */
    static String wordsOf(HttpLink.Answer answer) {
        var words = "";
        try {
            var tree = JSON.readTree(answer.body());
            if (tree != null && tree.isObject() && tree.size() > 0) {
                words = tree.elements().next().path("message").asText();
            }
        } catch (IOException e) {
            words = "";
        }
        if (words.isBlank()) {
            return "(no reason given)";
        }
        var line = words.replaceAll("[\\p{Cntrl}\\s]+", " ").strip();
        return line.length() <= WORDS_MAX ? line : line.substring(0, WORDS_MAX) + "...";
    }

    /** True if Nova itself, not a proxy on the way, says that the thing does not exist. */
    static boolean isNovasNotFound(HttpLink.Answer answer) {
        try {
            var tree = answer.status() == 404 ? JSON.readTree(answer.body()) : null;
            return tree != null && tree.path("itemNotFound").isObject();
        } catch (IOException e) {
            return false;
        }
    }
}

package io.vmha.gossip.rpc;

import io.vmha.gossip.rpc.RpcPool.KeyChange;
import io.vmha.gossip.serf.KeyResult;
import io.vmha.gossip.serf.Member;
import io.vmha.gossip.serf.Query;
import io.vmha.gossip.serf.QueryListener;
import io.vmha.gossip.serf.Question;
import io.vmha.gossip.serf.UserEvent;
import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.Coordinate;
import io.vmha.gossip.wire.RpcFields;
import io.vmha.gossip.wire.RpcReader;
import io.vmha.gossip.wire.RpcWriter;
import io.vmha.gossip.wire.WireFormatException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;

/**
 * One client of Serf's RPC (serf cmd/serf/command/agent/ipc.go): a handshake, a key if one is configured, then requests whose answers
 * carry their number, and records of what the client subscribed to. All input comes from a stranger.
 */
public final class RpcSession {
    private static final long VERSION = 1;

    /** Subscriptions of one client. */
    private static final int STREAMS_MAX = 64;

    /** Requests of one client that wait for others: joins, queries, changes of keys. */
    private static final int OPEN_MAX = 64;

    /** Queries that one client was told of and may answer. */
    private static final int PENDING_QUERIES_MAX = 512;

    private static final int WRONG_KEYS_MAX = 3;
    private static final long NANOS_PER_MS = 1_000_000;

    private final String authKey;
    private final RpcPool pool;
    private final RpcOutbox outbox;
    private final RpcReader reader = new RpcReader();
    private final Map<Long, List<EventFilter>> streams = new LinkedHashMap<>();
    private final Map<Long, Long> pendingQueries = new LinkedHashMap<>();
    private Optional<Monitor> monitor = Optional.empty();
    private Optional<Request> header = Optional.empty();
    private boolean greeted;
    private boolean authorised;
    private boolean closed;
    private int wrongKeys;
    private int open;
    private long lastQueryId;

    /**
     * A client that has just connected.
     *
     * @param authKey what it has to show first; empty for nothing
     */
    public RpcSession(String authKey, RpcPool pool, RpcOutbox outbox) {
        this.authKey = authKey;
        this.pool = pool;
        this.outbox = outbox;
        this.authorised = authKey.isEmpty();
    }

    /** A request whose body may still be on its way. */
    private record Request(long sequence, RpcCommand command) {}

    /** The client follows the log. */
    private record Monitor(long sequence, LogLine.Level level) {}

    /** Takes the next bytes that the client sent. */
    public void onBytes(byte[] chunk) {
        if (closed) {
            return;
        }
        try {
            reader.feed(chunk);
            for (Optional<RpcFields> next = reader.next(); next.isPresent() && !closed; next = reader.next()) {
                onValue(next.get());
            }
        } catch (WireFormatException damaged) {
            close();
        }
    }

    /** The connection is gone. What the client asked for goes on, unheard. */
    public void onClosed() {
        closed = true;
        streams.clear();
        pendingQueries.clear();
        monitor = Optional.empty();
    }

    private void close() {
        onClosed();
        outbox.close();
    }

    private void onValue(RpcFields value) {
        if (header.isPresent()) {
            Request request = header.get();
            header = Optional.empty();
            answer(request, value);
            return;
        }
        long sequence = value.number("Seq");
        String name = value.text("Command");
        Optional<RpcCommand> command = RpcCommand.of(name);
        if (!greeted && command.orElse(null) != RpcCommand.HANDSHAKE) {
            refuse(sequence, "Handshake required");
            close();
        } else if (command.isEmpty()) {
            refuse(sequence, "Unsupported command");
            close();
        } else if (command.get().hasBody()) {
            header = Optional.of(new Request(sequence, command.get()));
        } else {
            answer(new Request(sequence, command.get()), value);
        }
    }

    private void answer(Request request, RpcFields body) {
        boolean free = request.command() == RpcCommand.HANDSHAKE || request.command() == RpcCommand.AUTH;
        if (!authorised && !free) {
            refuse(request.sequence(), "Authentication required");
            return;
        }
        int openBefore = open;
        try {
            perform(request.sequence(), request.command(), body);
        } catch (IllegalArgumentException | IllegalStateException refused) {
            open = openBefore; // nobody will answer it
            refuse(request.sequence(), String.valueOf(refused.getMessage()));
        }
    }

    private void perform(long sequence, RpcCommand command, RpcFields body) {
        switch (command) {
            case HANDSHAKE -> handshake(sequence, body.signed("Version"));
            case AUTH -> authorise(sequence, body.text("AuthKey"));
            case EVENT -> {
                pool.userEvent(body.text("Name"), body.bytes("Payload"), body.flag("Coalesce"));
                confirm(sequence);
            }
            case FORCE_LEAVE -> {
                begin();
                pool.forceLeave(body.text("Node"), body.flag("Prune"), () -> end(() -> confirm(sequence)));
            }
            case JOIN -> join(sequence, body);
            case MEMBERS -> members(sequence, pool.members());
            case MEMBERS_FILTERED -> filteredMembers(sequence, body);
            case STREAM -> stream(sequence, body.text("Type"));
            case MONITOR -> monitor(sequence, body.text("LogLevel"));
            case STOP -> stop(sequence, body.number("Stop"));
            case LEAVE ->
                pool.leave(() -> {
                    confirm(sequence);
                    pool.onLeftByClient();
                });
            case INSTALL_KEY -> changeKey(sequence, KeyChange.INSTALL, body.text("Key"));
            case USE_KEY -> changeKey(sequence, KeyChange.USE, body.text("Key"));
            case REMOVE_KEY -> changeKey(sequence, KeyChange.REMOVE, body.text("Key"));
            case LIST_KEYS -> {
                begin();
                pool.listKeys(result -> end(() -> keys(sequence, result)));
            }
            case TAGS -> {
                pool.changeTags(body.textMap("Tags"), body.texts("DeleteTags"));
                confirm(sequence);
            }
            case QUERY -> query(sequence, body);
            case RESPOND -> respond(sequence, body.number("ID"), body.bytes("Payload"));
            case STATS -> stats(sequence);
            case GET_COORDINATE -> coordinate(sequence, pool.coordinate(body.text("Node")));
        }
    }

    private void confirm(long sequence) {
        refuse(sequence, "");
    }

    /** An answer that is a header and nothing else. */
    private void refuse(long sequence, String error) {
        send(RpcEvents.header(sequence, error));
    }

    private void send(RpcWriter answer) {
        if (!closed) {
            outbox.reply(answer.toBytes());
        }
    }

    private void begin() {
        if (open >= OPEN_MAX) {
            throw new IllegalStateException(
                    "this client already waits for " + OPEN_MAX + " answers; read them before asking more");
        }
        open++;
    }

    private void end(Runnable reply) {
        open--;
        reply.run();
    }

    private void handshake(long sequence, long version) {
        if (version != VERSION) {
            refuse(sequence, "Unsupported IPC version");
        } else if (greeted) {
            refuse(sequence, "Handshake already performed");
        } else {
            greeted = true;
            confirm(sequence);
        }
    }

    private void authorise(long sequence, String shown) {
        boolean right = MessageDigest.isEqual(
                Bytes.utf8(shown).toArray(), Bytes.utf8(authKey).toArray());
        authorised |= right && greeted;
        refuse(sequence, right ? "" : "Invalid authentication token");
        if (!right && ++wrongKeys >= WRONG_KEYS_MAX) {
            close();
        }
    }

    private void join(long sequence, RpcFields body) {
        begin();
        pool.join(
                body.texts("Existing"),
                body.flag("Replay"),
                (contacted, failures) -> end(() -> send(RpcEvents.header(sequence, contacted > 0 ? "" : failures)
                        .map(1)
                        .text("Num")
                        .number(contacted))));
    }

    private void members(long sequence, List<Member> members) {
        RpcWriter answer = RpcEvents.header(sequence, "").map(1).text("Members");
        RpcEvents.members(answer, members);
        send(answer);
    }

    /** Serf hangs up on a wrong expression; the client is better served by the reason, and reads a body even then. */
    private void filteredMembers(long sequence, RpcFields body) {
        try {
            MemberFilter filter = new MemberFilter(body);
            members(sequence, pool.members().stream().filter(filter::admits).toList());
        } catch (WireFormatException wrong) {
            send(RpcEvents.header(sequence, "Failed to compile regex: " + wrong.getMessage())
                    .map(1)
                    .text("Members")
                    .list(0));
        }
    }

    private void stream(long sequence, String type) {
        Optional<List<EventFilter>> filters = EventFilter.parse(type);
        if (filters.isEmpty()) {
            refuse(sequence, "Invalid event filter");
        } else if (streams.containsKey(sequence)) {
            refuse(sequence, "Stream with given sequence exists");
        } else if (streams.size() >= STREAMS_MAX) {
            refuse(sequence, "this client already has " + STREAMS_MAX + " event streams; stop one of them");
        } else {
            confirm(sequence);
            streams.put(sequence, filters.get());
        }
    }

    private void monitor(long sequence, String levelName) {
        Optional<LogLine.Level> level = LogLine.Level.of(levelName);
        if (level.isEmpty()) {
            refuse(sequence, "Unknown log level: " + levelName);
        } else if (monitor.isPresent()) {
            refuse(sequence, "Monitor already exists");
        } else {
            confirm(sequence);
            monitor = Optional.of(new Monitor(sequence, level.get()));
            pool.recentLog().forEach(this::onLogLine);
        }
    }

    private void stop(long sequence, long stopped) {
        streams.remove(stopped);
        monitor = monitor.filter(following -> following.sequence() != stopped);
        confirm(sequence);
    }

    private void changeKey(long sequence, KeyChange change, String encoded) {
        Bytes key;
        try {
            key = Bytes.copyOf(Base64.getDecoder().decode(encoded));
        } catch (IllegalArgumentException notBase64) {
            keyRefusal(sequence, "a gossip key must be base64 text of 16, 24 or 32 bytes");
            return;
        }
        begin();
        pool.changeKey(change, key, result -> end(() -> keys(sequence, result)));
    }

    private void keyRefusal(long sequence, String why) {
        RpcWriter answer = RpcEvents.header(sequence, why).map(5).text("Keys").nil();
        answer.text("Messages").map(0);
        answer.text("NumErr").number(0).text("NumNodes").number(0);
        send(answer.text("NumResp").number(0));
    }

    private void keys(long sequence, KeyResult result) {
        String error = "";
        if (result.errors() > 0) {
            error = result.errors() + "/" + result.nodes() + " nodes reported failure";
        } else if (result.responses() != result.nodes()) {
            error = result.responses() + "/" + result.nodes() + " nodes reported success";
        }
        RpcWriter answer = RpcEvents.header(sequence, error).map(5);
        answer.text("Keys");
        if (result.keys().isEmpty()) {
            answer.nil();
        } else {
            answer.map(result.keys().size());
            result.keys().forEach((key, count) -> answer.text(key).number(count));
        }
        answer.text("Messages").texts(result.messages());
        answer.text("NumErr").number(result.errors());
        answer.text("NumNodes").number(result.nodes());
        send(answer.text("NumResp").number(result.responses()));
    }

    private void query(long sequence, RpcFields body) {
        Question question = new Question(
                body.text("Name"),
                body.bytes("Payload"),
                body.texts("FilterNodes"),
                body.textMap("FilterTags"),
                body.flag("RequestAck"),
                (int) Math.min(body.number("RelayFactor"), Integer.MAX_VALUE),
                Math.max(0, body.signed("Timeout")) / NANOS_PER_MS);
        begin();
        Answers answers = new Answers(sequence);
        pool.query(question, answers);
        confirm(sequence);
        answers.follow();
    }

    /** What comes back to a query. Our own member answers before the client is told that the query runs. */
    private final class Answers implements QueryListener {
        private final long sequence;
        private final List<Bytes> early = new ArrayList<>(); // at most the two answers of our own member
        private boolean following;

        Answers(long sequence) {
            this.sequence = sequence;
        }

        void follow() {
            following = true;
            early.forEach(this::send);
            early.clear();
        }

        private void send(Bytes answer) {
            if (!following) {
                early.add(answer);
            } else if (!closed) {
                outbox.reply(answer);
            }
        }

        @Override
        public void onAck(String from) {
            send(RpcEvents.answer(sequence, "ack", from, Bytes.EMPTY));
        }

        @Override
        public void onResponse(String from, Bytes payload) {
            send(RpcEvents.answer(sequence, "response", from, payload));
        }

        @Override
        public void onFinished() {
            end(() -> send(RpcEvents.answer(sequence, "done", "", Bytes.EMPTY)));
        }
    }

    private void respond(long sequence, long id, Bytes payload) {
        Long query = pendingQueries.remove(id);
        if (query == null) {
            boolean known = id >= 1 && id <= lastQueryId;
            refuse(
                    sequence,
                    known
                            ? "failed to respond to key query: response already sent" // sic: the text of Serf
                            : "No pending queries matching ID");
        } else {
            refuse(sequence, pool.respond(query, payload) ? "" : "response is past the deadline");
        }
    }

    private void stats(long sequence) {
        SortedMap<String, SortedMap<String, String>> sections = pool.stats();
        RpcWriter answer = RpcEvents.header(sequence, "").map(sections.size());
        sections.forEach((section, values) -> answer.text(section).texts(values));
        send(answer);
    }

    private void coordinate(long sequence, Optional<Coordinate> known) {
        RpcWriter answer = RpcEvents.header(sequence, "").map(2).text("Coord").map(4);
        answer.text("Adjustment").real(known.map(Coordinate::adjustment).orElse(0.0));
        answer.text("Error").real(known.map(Coordinate::error).orElse(0.0));
        answer.text("Height").real(known.map(Coordinate::height).orElse(0.0));
        answer.text("Vec");
        known.ifPresentOrElse(
                coordinate -> {
                    answer.list(coordinate.dimensions());
                    for (int i = 0; i < coordinate.dimensions(); i++) {
                        answer.real(coordinate.component(i));
                    }
                },
                answer::nil);
        send(answer.text("Ok").flag(known.isPresent()));
    }

    /** Members joined, left, failed, changed or are forgotten. */
    public void onMembers(RpcMemberEvent event, List<Member> members) {
        forSubscribers(event.kind(), "", sequence -> RpcEvents.members(sequence, event.kind(), members));
    }

    /** Tells whether the client has shaken hands, and has shown the key if one is configured. */
    public boolean isAdmitted() {
        return greeted && authorised;
    }

    /** Somebody sent an event. */
    public void onUserEvent(UserEvent event) {
        forSubscribers(RpcEvents.USER, event.name(), sequence -> RpcEvents.user(sequence, event));
    }

    /** Somebody asks; the client may answer. */
    public void onQuery(Query query) {
        forSubscribers(RpcEvents.QUERY, query.name(), sequence -> {
            if (pendingQueries.size() >= PENDING_QUERIES_MAX) {
                pendingQueries.remove(pendingQueries.keySet().iterator().next());
            }
            pendingQueries.put(++lastQueryId, query.id());
            return RpcEvents.query(sequence, lastQueryId, query);
        });
    }

    /** A line was logged. */
    public void onLogLine(LogLine line) {
        monitor.filter(following -> line.level().compareTo(following.level()) >= 0)
                .ifPresent(following -> outbox.record(RpcEvents.log(following.sequence(), line.text())));
    }

    /** Tells whether a line of the log would be sent. */
    public boolean isMonitoring() {
        return monitor.isPresent();
    }

    private interface Encoding {
        Bytes encode(long sequence);
    }

    private void forSubscribers(String kind, String name, Encoding encoding) {
        streams.forEach((sequence, filters) -> {
            if (filters.stream().anyMatch(filter -> filter.admits(kind, name))) {
                outbox.record(encoding.encode(sequence));
            }
        });
    }
}

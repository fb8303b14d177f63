package io.vmha.gossip.serf;

import io.vmha.gossip.memberlist.MemberlistConfig;
import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.NodeAddress;
import io.vmha.gossip.wire.SerfMessage;
import io.vmha.gossip.wire.SerfMessage.EventBody;
import io.vmha.gossip.wire.SerfMessage.QueryResponse;
import io.vmha.gossip.wire.SerfMessageCodec;
import java.net.InetSocketAddress;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.random.RandomGenerator;

/**
 * Questions to the whole pool, spread like events and answered straight to the asker: query.go, handleQuery. Both directions: what we
 * asked and wait for, and what others asked and we may still answer.
 */
final class Queries {
    /** Serf QuerySizeLimit and QueryResponseSizeLimit. */
    static final int BYTES_MAX = 1024;

    static final String INTERNAL_PREFIX = "_serf_";

    /** Questions of one kind that are open at the same time. */
    private static final int OPEN_MAX = 512;

    /** Serf QueryTimeoutMult. */
    private static final int TIMEOUT_MULT = 16;

    private static final int RESPONDERS_MAX = 16_384;

    /** One answer must not become many packets at a stranger's word; Serf's own default is 0. */
    private static final int RELAYS_MAX = 16;

    private static final int RELAYS_SINCE = 5;
    private static final long NANOS_PER_MS = 1_000_000;

    private final MemberlistConfig config;
    private final QueryRing ring;
    private final LamportClock clock;
    private final Members members;
    private final News news;
    private final RandomGenerator random;
    private final InternalQueries internal;
    private final SerfListener listener;
    private final BiConsumer<InetSocketAddress, Bytes> sending;
    private final Map<Key, Asked> asked = new LinkedHashMap<>();
    private final Map<Long, Received> received = new LinkedHashMap<>();
    private long lastReceived;
    private long oversized;

    Queries(
            MemberlistConfig config,
            LamportClock clock,
            Members members,
            News news,
            RandomGenerator random,
            InternalQueries internal,
            SerfListener listener,
            BiConsumer<InetSocketAddress, Bytes> sending) {
        this.config = config;
        this.ring = new QueryRing(clock);
        this.clock = clock;
        this.members = members;
        this.news = news;
        this.random = random;
        this.internal = internal;
        this.listener = listener;
        this.sending = sending;
    }

    /** How answers name their question. */
    private record Key(long ltime, long id) {}

    /** A question of ours. */
    private record Asked(QueryListener answers, long deadlineMs, Set<String> acknowledged, Set<String> answered) {}

    /** A question that is still open for our answer. */
    private record Received(SerfMessage.Query query, long deadlineMs) {}

    /**
     * Asks everybody.
     *
     * @throws IllegalArgumentException if the question has more than 1024 bytes
     * @throws IllegalStateException if too many questions are open
     */
    void ask(long nowMs, Question question, QueryListener answers) {
        if (asked.size() >= OPEN_MAX) {
            throw new IllegalStateException("already " + OPEN_MAX + " queries are open; wait for them to finish");
        }
        long timeoutMs = question.timeoutMs() == 0 ? defaultTimeoutMs() : question.timeoutMs();
        SerfMessage.Query query = new SerfMessage.Query(
                clock.time(),
                random.nextLong(1L << 32),
                NodeAddress.of(config.address()),
                config.name(),
                question.filters(),
                question.flags(),
                question.relayFactor(),
                timeoutMs * NANOS_PER_MS,
                new EventBody(question.name(), question.payload()));
        Bytes message = SerfMessageCodec.encode(query);
        if (message.length() > BYTES_MAX) {
            throw new IllegalArgumentException("query " + question.name() + " must encode to at most " + BYTES_MAX
                    + " bytes but has " + message.length() + "; shorten payload or filters");
        }
        asked.put(
                new Key(query.ltime(), query.id()),
                new Asked(answers, nowMs + timeoutMs, new TreeSet<>(), new TreeSet<>()));
        onQuery(nowMs, query, message);
    }

    private long defaultTimeoutMs() {
        int alive = members.count(MemberStatus.ALIVE);
        return config.profile().gossipIntervalMs() * TIMEOUT_MULT * (int) Math.ceil(Math.log10(alive + 1.0));
    }

    void ignoreBefore(long ltime) {
        ring.ignoreBefore(ltime);
    }

    void onQuery(long nowMs, SerfMessage.Query query, Bytes original) {
        if (!ring.add(query.ltime(), query.id())) {
            return;
        }
        if (query.mayBeSpread()) {
            news.addQuery(original);
        }
        boolean forUs = members.view(config.name())
                .filter(us -> query.isFor(us.name(), us.tags()))
                .isPresent();
        if (!forUs || !query.address().isComplete()) {
            return;
        }
        if (query.wantsAck()) {
            answer(query, QueryResponse.ACK, Bytes.EMPTY);
        }
        if (query.body().name().startsWith(INTERNAL_PREFIX)) {
            internal.answer(query.body().name(), query.body().payload(), found -> answer(query, 0, found));
        } else {
            offer(nowMs, query);
        }
    }

    private void offer(long nowMs, SerfMessage.Query query) {
        if (received.size() >= OPEN_MAX) {
            received.remove(received.keySet().iterator().next());
        }
        long timeoutMs = Math.min(Math.max(0, query.timeoutNanos() / NANOS_PER_MS), Question.TIMEOUT_MAX_MS);
        received.put(++lastReceived, new Received(query, nowMs + timeoutMs));
        EventBody body = query.body();
        listener.onQuery(new Query(lastReceived, query.sourceNode(), body.name(), body.payload(), query.ltime()));
    }

    /**
     * Answers a question somebody asked.
     *
     * @return false if it was answered already or its time is over
     * @throws IllegalArgumentException if the answer has more than 1024 bytes
     */
    boolean respond(long nowMs, long queryId, Bytes payload) {
        if (payload.length() > BYTES_MAX) {
            throw new IllegalArgumentException("the answer to a query must have at most " + BYTES_MAX
                    + " bytes, its wrapping included, but the payload alone has " + payload.length());
        }
        Received open = received.remove(queryId);
        return open != null && open.deadlineMs() > nowMs && answer(open.query(), 0, payload);
    }

    private boolean answer(SerfMessage.Query query, long flags, Bytes payload) {
        QueryResponse response = new QueryResponse(query.ltime(), query.id(), config.name(), flags, payload);
        Bytes message = SerfMessageCodec.encode(response);
        if (message.length() > BYTES_MAX) {
            oversized++;
            return false;
        }
        InetSocketAddress asker =
                query.address().toSocketAddress(query.address().port());
        if (asker.equals(config.address())) {
            onResponse(response);
            return true;
        }
        sending.accept(asker, message);
        if (query.relayFactor() > 0 && members.size() > query.relayFactor()) {
            Bytes relay = SerfMessageCodec.encode(new SerfMessage.Relay(query.address(), query.sourceNode(), message));
            relays(Math.min(query.relayFactor(), RELAYS_MAX), asker).forEach(helper -> sending.accept(helper, relay));
        }
        return true;
    }

    private List<InetSocketAddress> relays(int count, InetSocketAddress asker) {
        return members.pick(
                count,
                random,
                member -> member.status() == MemberStatus.ALIVE
                        && member.node().vsn().protocolMax() >= RELAYS_SINCE
                        && !member.name().equals(config.name())
                        && !member.node().address().equals(asker));
    }

    void onResponse(QueryResponse response) {
        Asked question = asked.get(new Key(response.ltime(), response.id()));
        if (question == null) {
            return; // too late, or not ours
        }
        Set<String> heard = response.isAck() ? question.acknowledged() : question.answered();
        if (heard.size() >= RESPONDERS_MAX || !heard.add(response.from())) {
            return;
        }
        if (response.isAck()) {
            question.answers().onAck(response.from());
        } else {
            question.answers().onResponse(response.from(), response.payload());
        }
    }

    long nextDeadlineMs() {
        long next = Long.MAX_VALUE;
        if (asked.isEmpty()) {
            return next;
        }
        for (Asked question : asked.values()) {
            next = Math.min(next, question.deadlineMs());
        }
        return next;
    }

    void onTimer(long nowMs) {
        for (Iterator<Asked> open = asked.values().iterator(); open.hasNext(); ) {
            Asked question = open.next();
            if (question.deadlineMs() <= nowMs) {
                open.remove();
                question.answers().onFinished();
                break; // what is told may ask again; the next one is due at once
            }
        }
        received.values().removeIf(question -> question.deadlineMs() <= nowMs);
    }

    /** Answers of ours that were too long to be sent. */
    long oversized() {
        return oversized;
    }
}

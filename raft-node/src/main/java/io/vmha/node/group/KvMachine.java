package io.vmha.node.group;

import io.vmha.node.kv.KvCommand;
import io.vmha.node.kv.KvCommand.Outcome;
import io.vmha.node.kv.KvCommand.Request;
import io.vmha.node.kv.KvLimits;
import io.vmha.node.kv.KvQuestion;
import io.vmha.node.kv.KvStore;
import io.vmha.node.kv.SessionClock;
import io.vmha.node.kv.Touched;
import io.vmha.proto.v1.KvAnswer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * This voter's copy of the keys and sessions, with the leader's clock for them. Its own lock, because the timer and readers of the local
 * copy come from other threads than the log; what it calls under the lock does not block.
 */
public final class KvMachine {
    /** Changes that a host which does not vote can still be told one by one. */
    private static final int TOUCHED_MAX = 1_024;

    private static final int TOUCHED_BYTES_MAX = 1 << 20;

    private final LongSupplier nowMs;
    private final Consumer<Touched> changed;
    private final KvStore store = new KvStore();
    private final SessionClock clock = new SessionClock();
    private final Deque<Touched> recent = new ArrayDeque<>();
    /** Changes up to this index are not among the recent ones any more. */
    private long forgottenIndex;

    private long appliedIndex;
    private volatile LongSupplier lastContactMs = () -> 0;

    /**
     * @param nowMs a monotonic clock in milliseconds
     * @param changed is handed each change, on the thread that applied it; it must not block
     */
    public KvMachine(LongSupplier nowMs, Consumer<Touched> changed) {
        this.nowMs = nowMs;
        this.changed = changed;
    }

    /** This node leads in this term, or (empty) leads no more. Any thread. */
    public synchronized void onLeadership(OptionalLong term) {
        clock.onLeadership(nowMs.getAsLong(), term, store);
    }

    /** How long ago this voter has heard of its leader, for those who read from it. */
    public void contact(LongSupplier silentMs) {
        lastContactMs = silentMs;
    }

    /** What the leader should commit now about sessions and delays. */
    public synchronized List<KvCommand> due(Set<String> lostNodes) {
        return clock.due(nowMs.getAsLong(), lostNodes);
    }

    /** Nobody knows whether one of these commands was committed. */
    public synchronized void onFailed(KvCommand command) {
        clock.onFailed(command);
    }

    /** Answers from this voter's copy, however old it is. */
    public synchronized KvQuestion.Answer answer(KvQuestion question) {
        return store.answer(question);
    }

    /** How many keys, bytes and sessions this copy has, for the metrics. */
    public synchronized Size size() {
        return new Size(store.size(), store.bytes(), store.sessions().size());
    }

    /** The extent of a copy. */
    public record Size(int keys, long bytes, int sessions) {}

    Optional<String> objection(Request request) {
        return KvLimits.isId(request.id())
                ? Optional.empty()
                : Optional.of("a request's id must have 1 to 64 characters but has "
                        + request.id().length());
    }

    synchronized Outcome apply(long term, long index, Request request) {
        KvStore.Applied applied = store.apply(term, index, request);
        appliedIndex = index;
        Touched touched = applied.touched();
        if (!touched.isNothing()) {
            clock.onStore(nowMs.getAsLong(), store);
            recent.addLast(touched);
            if (recent.size() > TOUCHED_MAX) {
                forgottenIndex = recent.removeFirst().index();
            }
            changed.accept(touched);
        }
        return applied.outcome();
    }

    synchronized KvStore.Content content() {
        return store.content();
    }

    synchronized void restore(long index, Optional<KvStore.Content> content) {
        store.clear();
        content.ifPresent(store::restore);
        recent.clear();
        forgottenIndex = index;
        appliedIndex = index;
        clock.onStore(nowMs.getAsLong(), store);
        changed.accept(Touched.everything(index));
    }

    /** A question that came over the network. */
    synchronized KvAnswer answer(io.vmha.proto.v1.KvQuestion question) {
        return switch (question.getQuestionCase()) {
            case RENEW -> {
                var renewal = clock.renew(nowMs.getAsLong(), question.getRenew());
                yield KvCodec.encode(store.answer(new KvQuestion.Sessions(Optional.of(question.getRenew()))))
                        .setRenewal(renewal.name())
                        .build();
            }
            case TOUCHED_AFTER -> touchedAfter(question.getTouchedAfter());
            case KEY, TREE, NAMES, SESSIONS, QUESTION_NOT_SET ->
                KvCodec.encode(store.answer(KvCodec.decode(question)))
                        .setLastContactMs(lastContactMs.getAsLong())
                        .build();
        };
    }

    private KvAnswer touchedAfter(long index) {
        var answer = KvAnswer.newBuilder().setIndex(appliedIndex);
        recent.stream().filter(t -> t.index() > index).forEach(t -> answer.addTouched(KvCodec.encode(t)));
        KvAnswer known = answer.build();
        return index >= forgottenIndex && known.getSerializedSize() <= TOUCHED_BYTES_MAX
                ? known
                : answer.clearTouched()
                        .addTouched(KvCodec.encode(Touched.everything(appliedIndex)))
                        .build();
    }
}

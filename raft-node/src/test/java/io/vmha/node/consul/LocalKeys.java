package io.vmha.node.consul;

import io.vmha.node.kv.KvCommand;
import io.vmha.node.kv.KvCommand.Outcome;
import io.vmha.node.kv.KvCommand.Request;
import io.vmha.node.kv.KvQuestion;
import io.vmha.node.kv.KvSession;
import io.vmha.node.kv.KvStore;
import io.vmha.node.view.Keys;
import io.vmha.node.view.KeysException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Keys and sessions without a log behind them. */
public final class LocalKeys implements Keys {
    private final KvStore store = new KvStore();
    private final List<Runnable> waiting = new ArrayList<>();
    private Optional<KeysException> trouble = Optional.empty();
    private long index = 34;

    /** From now on nothing can be said. */
    public synchronized void fail(KeysException.Kind kind, String message) {
        trouble = Optional.of(new KeysException(kind, message, null));
    }

    @Override
    public synchronized CompletableFuture<Outcome> change(KvCommand command) {
        if (trouble.isPresent()) {
            return CompletableFuture.failedFuture(trouble.get());
        }
        KvStore.Applied applied = store.apply(1, ++index, new Request("r" + index, command));
        List.copyOf(waiting).forEach(Runnable::run);
        return CompletableFuture.completedFuture(applied.outcome());
    }

    @Override
    public synchronized CompletableFuture<Reading> read(KvQuestion question, Consistency consistency) {
        return trouble.isPresent()
                ? CompletableFuture.failedFuture(trouble.get())
                : CompletableFuture.completedFuture(reading(question, consistency));
    }

    private Reading reading(KvQuestion question, Consistency consistency) {
        return new Reading(store.answer(question), true, consistency == Consistency.STALE ? 12 : 0);
    }

    @Override
    public synchronized CompletableFuture<Reading> readAfter(
            KvQuestion question, Consistency consistency, long after, long waitMs) {
        var result = new CompletableFuture<Reading>();
        Runnable look = () -> {
            if (store.answer(question).index() > after) {
                result.complete(reading(question, consistency));
            }
        };
        look.run();
        waiting.add(look);
        return result.completeOnTimeout(reading(question, consistency), waitMs, TimeUnit.MILLISECONDS);
    }

    @Override
    public synchronized CompletableFuture<Optional<KvSession>> renew(String id) {
        return CompletableFuture.completedFuture(
                Optional.ofNullable(store.sessions().get(id)));
    }
}

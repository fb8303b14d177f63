package io.vmha.node.control;

import io.vmha.node.kv.KvQuestion;
import io.vmha.node.kv.Touched;
import io.vmha.node.raft.GroupId;
import io.vmha.node.view.KeysException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** Who waits for a change of the keys or sessions on this host. Any thread. */
public final class KvWatchers {
    /** Clients that may wait at the same time; the HTTP server takes twice as many connections. */
    public static final int WATCHERS_MAX = 128;

    private final Set<Watcher> waiting = new LinkedHashSet<>();
    private final KnownState told = new KnownState();

    /** One who waits. */
    final class Watcher implements AutoCloseable {
        private final KvQuestion question;
        private CompletableFuture<Void> changed = new CompletableFuture<>();

        private Watcher(KvQuestion question) {
            this.question = question;
        }

        /** Completes with the first change after this call that concerns the question. */
        CompletableFuture<Void> next() {
            synchronized (KvWatchers.this) {
                changed = new CompletableFuture<>();
                return changed;
            }
        }

        @Override
        public void close() {
            synchronized (KvWatchers.this) {
                waiting.remove(this);
            }
        }
    }

    /** Begins to watch; changes from now on count. */
    synchronized Watcher watch(KvQuestion question) {
        if (waiting.size() >= WATCHERS_MAX) {
            throw new KeysException(
                    KeysException.Kind.TOO_MANY,
                    "at most " + WATCHERS_MAX
                            + " clients may wait for changes on this host: ask again later, or another host",
                    null);
        }
        var watcher = new Watcher(question);
        waiting.add(watcher);
        return watcher;
    }

    /** True if nobody waits. */
    synchronized boolean isEmpty() {
        return waiting.isEmpty();
    }

    /** How many wait. */
    public synchronized int size() {
        return waiting.size();
    }

    /** Up to which place in its log this host, which does not vote in the group, was told of changes: the next group's begins at 0 again. */
    long toldIn(GroupId group) {
        return told.indexIn(group);
    }

    /** A voter of this group has told what has changed up to this place. */
    void onTold(GroupId group, long index, List<Touched> changes) {
        told.take(group, index);
        changes.forEach(this::onTouched);
    }

    /** Something has changed. */
    public void onTouched(Touched touched) {
        List<CompletableFuture<Void>> woken = new ArrayList<>();
        synchronized (this) {
            for (Watcher watcher : waiting) {
                if (watcher.question.concerns(touched)) {
                    woken.add(watcher.changed);
                }
            }
        }
        woken.forEach(changed -> changed.complete(null)); // outside the lock: whoever waits goes on right here
    }
}

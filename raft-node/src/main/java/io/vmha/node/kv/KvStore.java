package io.vmha.node.kv;

import io.vmha.node.kv.KvCommand.Acquire;
import io.vmha.node.kv.KvCommand.CreateSession;
import io.vmha.node.kv.KvCommand.Delete;
import io.vmha.node.kv.KvCommand.DeleteTree;
import io.vmha.node.kv.KvCommand.EndSession;
import io.vmha.node.kv.KvCommand.ExpireSessions;
import io.vmha.node.kv.KvCommand.LiftDelays;
import io.vmha.node.kv.KvCommand.LockDelay;
import io.vmha.node.kv.KvCommand.Outcome;
import io.vmha.node.kv.KvCommand.Put;
import io.vmha.node.kv.KvCommand.Release;
import io.vmha.node.kv.KvCommand.Request;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The keys and sessions, driven by the log: the same commands in the same order lead to the same store on every voter. One owner; no clock
 * reaches it, so a session's time and a lock's delay end by commands of the leader ({@link SessionClock}).
 */
public final class KvStore {
    private final TreeMap<String, KvEntry> entries = new TreeMap<>();
    private final TreeMap<String, KvSession> sessions = new TreeMap<>();
    private final TreeMap<String, LockDelay> delays = new TreeMap<>();
    /** Deleted keys with the index of their end, the oldest first. */
    private final LinkedHashMap<String, Long> tombstones = new LinkedHashMap<>();

    private final LinkedHashMap<String, Outcome> outcomes = new LinkedHashMap<>();
    private long keysIndex;
    private long sessionsIndex;
    /** The newest deletion that is forgotten. */
    private long forgottenIndex;

    private final Map<String, SortedSet<String>> held = new HashMap<>();
    private long bytes;

    /** The effect of one command. */
    public record Applied(Outcome outcome, Touched touched) {}

    /**
     * Everything that must survive.
     *
     * @param outcomes of the newest requests, the oldest first
     * @param tombstones likewise
     */
    public record Content(
            List<KvEntry> entries,
            List<KvSession> sessions,
            List<LockDelay> delays,
            Map<String, Long> tombstones,
            Map<String, Outcome> outcomes,
            long keysIndex,
            long sessionsIndex,
            long forgottenIndex) {
        public Content {
            entries = List.copyOf(entries);
            sessions = List.copyOf(sessions);
            delays = List.copyOf(delays);
            tombstones = Collections.unmodifiableMap(new LinkedHashMap<>(tombstones));
            outcomes = Collections.unmodifiableMap(new LinkedHashMap<>(outcomes));
        }

        /** True if the store was never used. */
        public boolean isEmpty() {
            return keysIndex == 0 && sessionsIndex == 0 && outcomes.isEmpty();
        }
    }

    /** Everything that must survive. */
    public Content content() {
        return new Content(
                List.copyOf(entries.values()),
                List.copyOf(sessions.values()),
                List.copyOf(delays.values()),
                tombstones,
                outcomes,
                keysIndex,
                sessionsIndex,
                forgottenIndex);
    }

    /** Replaces everything. */
    public void restore(Content content) {
        clear();
        content.entries().forEach(this::put);
        content.sessions().forEach(s -> sessions.put(s.id(), s));
        content.delays().forEach(d -> delays.put(d.key(), d));
        tombstones.putAll(content.tombstones());
        outcomes.putAll(content.outcomes());
        keysIndex = content.keysIndex();
        sessionsIndex = content.sessionsIndex();
        forgottenIndex = content.forgottenIndex();
    }

    /** Forgets everything. */
    public void clear() {
        entries.clear();
        sessions.clear();
        delays.clear();
        tombstones.clear();
        outcomes.clear();
        held.clear();
        keysIndex = 0;
        sessionsIndex = 0;
        forgottenIndex = 0;
        bytes = 0;
    }

    /** The sessions. */
    public SortedMap<String, KvSession> sessions() {
        return Collections.unmodifiableSortedMap(sessions);
    }

    /** The keys that nobody may acquire yet. */
    public SortedMap<String, LockDelay> delays() {
        return Collections.unmodifiableSortedMap(delays);
    }

    /** How many keys there are. */
    public int size() {
        return entries.size();
    }

    /** What all keys and values cost. */
    public long bytes() {
        return bytes;
    }

    /** Applies a committed request; one that was applied before only tells again what became of it. */
    public Applied apply(long term, long index, Request request) {
        Outcome before = outcomes.get(request.id());
        if (before != null) {
            return new Applied(before, nothing(index));
        }
        var change = new Change(term, index);
        Outcome outcome = change.make(request.command());
        outcomes.put(request.id(), outcome);
        forgetOldest(outcomes, KvLimits.OUTCOMES_MAX);
        return new Applied(outcome, change.touched());
    }

    /** Answers a question. */
    public KvQuestion.Answer answer(KvQuestion question) {
        if (question instanceof KvQuestion.OneKey one) {
            KvEntry entry = entries.get(one.key());
            return entry == null
                    ? answer(keysIndex, List.of(), List.of(), List.of())
                    : answer(entry.modifyIndex(), List.of(entry), List.of(), List.of());
        }
        if (question instanceof KvQuestion.Tree tree) {
            List<KvEntry> found = under(tree.prefix());
            long size = found.stream().mapToLong(KvEntry::bytes).sum();
            return size > KvLimits.ANSWER_BYTES_MAX
                    ? KvQuestion.Answer.refused(
                            treeIndex(tree.prefix()),
                            "the keys under '" + tree.prefix() + "' have " + size + " bytes, one answer has at most "
                                    + KvLimits.ANSWER_BYTES_MAX + ": ask for a longer prefix, or for ?keys")
                    : answer(treeIndex(tree.prefix()), found, List.of(), List.of());
        }
        if (question instanceof KvQuestion.Names names) {
            List<String> found = names(names);
            long size = found.stream().mapToLong(String::length).sum();
            return size > KvLimits.ANSWER_BYTES_MAX
                    ? KvQuestion.Answer.refused(
                            treeIndex(names.prefix()),
                            "the names of the keys under '" + names.prefix() + "' have " + size
                                    + " characters, one answer has at most " + KvLimits.ANSWER_BYTES_MAX
                                    + ": ask for a longer prefix, or with ?separator")
                    : answer(treeIndex(names.prefix()), List.of(), found, List.of());
        }
        if (question instanceof KvQuestion.Sessions asked) {
            List<KvSession> found = asked.id().isPresent()
                    ? Optional.ofNullable(sessions.get(asked.id().get())).stream()
                            .toList()
                    : List.copyOf(sessions.values());
            return answer(sessionsIndex, List.of(), List.of(), found);
        }
        throw new AssertionError(question);
    }

    private static KvQuestion.Answer answer(
            long index, List<KvEntry> entries, List<String> names, List<KvSession> sessions) {
        return new KvQuestion.Answer(Math.max(1, index), entries, names, sessions, Optional.empty());
    }

    private List<KvEntry> under(String prefix) {
        var found = new ArrayList<KvEntry>();
        for (KvEntry entry : entries.tailMap(prefix).values()) {
            if (!entry.key().startsWith(prefix)) {
                break;
            }
            found.add(entry);
        }
        return found;
    }

    private List<String> names(KvQuestion.Names question) {
        var names = new ArrayList<String>();
        for (KvEntry entry : under(question.prefix())) {
            String key = entry.key();
            int end = question.separator().isEmpty()
                    ? -1
                    : key.indexOf(question.separator(), question.prefix().length());
            String name =
                    end < 0 ? key : key.substring(0, end + question.separator().length());
            if (names.isEmpty() || !names.get(names.size() - 1).equals(name)) {
                names.add(name);
            }
        }
        return names;
    }

    /** Consul: the newest change or deletion under the prefix; of the whole store if there never was any. */
    private long treeIndex(String prefix) {
        long newest = 0;
        for (KvEntry entry : under(prefix)) {
            newest = Math.max(newest, entry.modifyIndex());
        }
        for (var tombstone : tombstones.entrySet()) {
            if (tombstone.getKey().startsWith(prefix)) {
                newest = Math.max(newest, tombstone.getValue());
            }
        }
        return newest == 0 ? keysIndex : Math.max(newest, forgottenIndex);
    }

    private void put(KvEntry entry) {
        drop(entry.key());
        entries.put(entry.key(), entry);
        bytes += entry.bytes();
        entry.session()
                .ifPresent(s -> held.computeIfAbsent(s, x -> new TreeSet<>()).add(entry.key()));
    }

    private void drop(String key) {
        KvEntry old = entries.remove(key);
        if (old != null) {
            bytes -= old.bytes();
            old.session().ifPresent(s -> {
                SortedSet<String> keys = held.get(s);
                keys.remove(key);
                if (keys.isEmpty()) {
                    held.remove(s);
                }
            });
        }
    }

    private static Touched nothing(long index) {
        return new Touched(index, List.of(), List.of(), false);
    }

    private static <K, V> Optional<V> forgetOldest(Map<K, V> map, int max) {
        if (map.size() <= max) {
            return Optional.empty();
        }
        var oldest = map.entrySet().iterator();
        V forgotten = oldest.next().getValue();
        oldest.remove();
        return Optional.of(forgotten);
    }

    /** One command being applied at its place in the log. */
    private final class Change {
        private final long term;
        private final long index;
        private final List<String> keys = new ArrayList<>();
        private final List<String> trees = new ArrayList<>();
        private boolean anySession;

        Change(long term, long index) {
            this.term = term;
            this.index = index;
        }

        Touched touched() {
            return keys.size() > KvLimits.KEYS_NAMED_MAX
                    ? new Touched(index, List.of(), List.of(""), anySession)
                    : new Touched(index, keys, trees, anySession);
        }

        Outcome make(KvCommand command) {
            if (command instanceof Put put) {
                return put(put);
            }
            if (command instanceof Acquire acquire) {
                return acquire(acquire);
            }
            if (command instanceof Release release) {
                return release(release);
            }
            if (command instanceof Delete delete) {
                return delete(delete);
            }
            if (command instanceof DeleteTree tree) {
                return deleteTree(tree);
            }
            if (command instanceof CreateSession create) {
                return createSession(create);
            }
            if (command instanceof EndSession end) {
                endSession(end.id());
                return Outcome.done(index);
            }
            if (command instanceof ExpireSessions expire) {
                return expire(expire);
            }
            if (command instanceof LiftDelays lift) {
                return lift(lift);
            }
            throw new AssertionError(command);
        }

        private Outcome put(Put put) {
            KvEntry old = entries.get(put.key());
            if (put.ifIndex().isPresent()) {
                long found = old == null ? 0 : old.modifyIndex();
                if (found != put.ifIndex().getAsLong()) {
                    return Outcome.notDone(index);
                }
            }
            return set(put.key(), put.value(), put.flags(), lockIndex(old), holder(old));
        }

        private Outcome acquire(Acquire acquire) {
            if (!sessions.containsKey(acquire.session())) {
                return Outcome.refused(index, "invalid session \"" + acquire.session() + "\"");
            }
            KvEntry old = entries.get(acquire.key());
            Optional<String> session = Optional.of(acquire.session());
            boolean again = holder(old).equals(session);
            if ((holder(old).isPresent() && !again) || delays.containsKey(acquire.key())) {
                return Outcome.notDone(index);
            }
            return set(acquire.key(), acquire.value(), acquire.flags(), lockIndex(old) + (again ? 0 : 1), session);
        }

        private Outcome release(Release release) {
            KvEntry old = entries.get(release.key());
            return holder(old).equals(Optional.of(release.session()))
                    ? set(release.key(), release.value(), release.flags(), lockIndex(old), Optional.empty())
                    : Outcome.notDone(index);
        }

        private Optional<String> holder(KvEntry entry) {
            return entry == null ? Optional.empty() : entry.session();
        }

        private long lockIndex(KvEntry entry) {
            return entry == null ? 0 : entry.lockIndex();
        }

        private Outcome set(String key, Value value, long flags, long lockIndex, Optional<String> session) {
            Optional<String> objection = KvLimits.objectionToKey(key).or(() -> KvLimits.objectionToSize(value.size()));
            if (objection.isPresent()) {
                return Outcome.refused(index, objection.get());
            }
            KvEntry old = entries.get(key);
            var entry =
                    new KvEntry(key, value, flags, lockIndex, session, old == null ? index : old.createIndex(), index);
            if (old != null && old.hasContentOf(entry)) {
                return Outcome.done(index); // Consul: what is the same already is not a change, and wakes nobody
            }
            long after = bytes + entry.bytes() - (old == null ? 0 : old.bytes());
            if (after > KvLimits.STORE_BYTES_MAX && after > bytes) {
                return Outcome.refused(
                        index,
                        "the store has at most " + KvLimits.STORE_BYTES_MAX + " bytes and would have " + after
                                + ": delete keys first");
            }
            if (old == null && entries.size() >= KvLimits.KEYS_MAX) {
                return Outcome.refused(
                        index, "the store has at most " + KvLimits.KEYS_MAX + " keys: delete some first");
            }
            changed(entry);
            return Outcome.done(index);
        }

        private void changed(KvEntry entry) {
            KvStore.this.put(entry);
            tombstones.remove(entry.key());
            keysIndex = index;
            keys.add(entry.key());
        }

        private void deleted(String key) {
            drop(key);
            tombstones.remove(key);
            tombstones.put(key, index);
            forgetOldest(tombstones, KvLimits.TOMBSTONES_MAX)
                    .ifPresent(oldest -> forgottenIndex = Math.max(forgottenIndex, oldest));
            keysIndex = index;
        }

        private Outcome delete(Delete delete) {
            KvEntry old = entries.get(delete.key());
            OptionalLong wanted = delete.ifIndex();
            if (old != null && wanted.isPresent() && wanted.getAsLong() != old.modifyIndex()) {
                return Outcome.notDone(index);
            }
            if (old != null) {
                deleted(delete.key());
                keys.add(delete.key());
            }
            return Outcome.done(index);
        }

        private Outcome deleteTree(DeleteTree tree) {
            List<KvEntry> all = under(tree.prefix());
            all.forEach(entry -> deleted(entry.key()));
            if (!all.isEmpty()) {
                trees.add(tree.prefix());
            }
            return Outcome.done(index);
        }

        private Outcome createSession(CreateSession create) {
            Optional<String> objection = KvLimits.objectionToSession(create.session());
            if (objection.isPresent()) {
                return Outcome.refused(index, objection.get());
            }
            if (sessions.containsKey(create.session().id())) {
                return Outcome.refused(
                        index, "there is a session " + create.session().id() + " already");
            }
            if (sessions.size() >= KvLimits.SESSIONS_MAX) {
                return Outcome.refused(
                        index,
                        "there are at most " + KvLimits.SESSIONS_MAX + " sessions: destroy some, or give them a TTL");
            }
            sessions.put(create.session().id(), create.session().createdAt(index));
            sessionsIndex = index;
            anySession = true;
            return Outcome.done(index);
        }

        private void endSession(String id) {
            KvSession session = sessions.remove(id);
            if (session == null) {
                return;
            }
            sessionsIndex = index;
            anySession = true;
            for (String key : List.copyOf(held.getOrDefault(id, Collections.emptySortedSet()))) {
                if (session.lockDelayMs() > 0) {
                    delays.put(key, new LockDelay(key, session.lockDelayMs(), index));
                }
                if (session.deletes()) {
                    deleted(key);
                    keys.add(key);
                } else {
                    changed(entries.get(key).released(index));
                }
            }
        }

        private Outcome expire(ExpireSessions expire) {
            if (expire.term() != term) {
                return anotherTerm(expire.term());
            }
            expire.ids().forEach(this::endSession);
            return Outcome.done(index);
        }

        private Outcome lift(LiftDelays lift) {
            if (lift.term() != term) {
                return anotherTerm(lift.term());
            }
            for (LockDelay delay : lift.delays()) {
                if (delays.remove(delay.key(), delay)) {
                    keys.add(delay.key());
                }
            }
            return Outcome.done(index);
        }

        private Outcome anotherTerm(long decided) {
            return Outcome.refused(index, "decided in term " + decided + " but committed in term " + term);
        }
    }
}

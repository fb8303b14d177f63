package io.vmha.node.kv;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** What can be asked of the store. Committed through the log; {@link KvStore#apply} does it or refuses it, on every voter alike. */
public sealed interface KvCommand {
    /**
     * Sets a key.
     *
     * @param ifIndex only if the key's modify index is this one; 0: only if there is no such key
     */
    record Put(String key, Value value, long flags, OptionalLong ifIndex) implements KvCommand {}

    /** Sets a key and takes it for a session, unless another one holds it. */
    record Acquire(String key, Value value, long flags, String session) implements KvCommand {}

    /** Sets a key and gives it back, if the session holds it. */
    record Release(String key, Value value, long flags, String session) implements KvCommand {}

    /**
     * Removes a key.
     *
     * @param ifIndex only if its modify index is this one
     */
    record Delete(String key, OptionalLong ifIndex) implements KvCommand {}

    /** Removes all keys that begin so. */
    record DeleteTree(String prefix) implements KvCommand {}

    /** Begins a session; its indexes are ignored. */
    record CreateSession(KvSession session) implements KvCommand {}

    /** Ends a session, as a client asks. */
    record EndSession(String id) implements KvCommand {}

    /**
     * Ends sessions whose time is over or whose node is lost, as the leader says. Refused in another term: a leader that was deposed
     * meanwhile does not know who was renewed by the next one.
     */
    record ExpireSessions(long term, List<String> ids) implements KvCommand {
        public ExpireSessions {
            ids = List.copyOf(ids);
        }
    }

    /** Lets keys be acquired again whose lock delay is over, as the leader says; refused in another term. */
    record LiftDelays(long term, List<LockDelay> delays) implements KvCommand {
        public LiftDelays {
            delays = List.copyOf(delays);
        }
    }

    /**
     * Nobody may acquire this key for a while, because its holder ended.
     *
     * @param sinceIndex the log index at which it ended
     */
    record LockDelay(String key, long delayMs, long sinceIndex) {}

    /**
     * A command with its identity.
     *
     * @param id new for each request of a client, the same each time that it is sent again
     */
    record Request(String id, KvCommand command) {}

    /**
     * What became of it.
     *
     * @param done false if a condition did not hold: another index, another holder
     * @param refusal why it could not be done at all
     */
    record Outcome(long index, boolean done, Optional<String> refusal) {
        static Outcome done(long index) {
            return new Outcome(index, true, Optional.empty());
        }

        static Outcome notDone(long index) {
            return new Outcome(index, false, Optional.empty());
        }

        static Outcome refused(long index, String why) {
            return new Outcome(index, false, Optional.of(why));
        }
    }
}

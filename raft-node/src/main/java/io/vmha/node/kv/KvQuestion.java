package io.vmha.node.kv;

import java.util.List;
import java.util.Optional;

/** What can be asked about the store. */
public sealed interface KvQuestion {
    /** True if the answer may differ after a change of this. */
    boolean concerns(Touched touched);

    /** One key. */
    record OneKey(String key) implements KvQuestion {
        @Override
        public boolean concerns(Touched touched) {
            return touched.reaches(key);
        }
    }

    /** All keys that begin so, with their values. */
    record Tree(String prefix) implements KvQuestion {
        @Override
        public boolean concerns(Touched touched) {
            return touched.reachesUnder(prefix);
        }
    }

    /** The names of the keys that begin so, up to the next separator if there is one. */
    record Names(String prefix, String separator) implements KvQuestion {
        @Override
        public boolean concerns(Touched touched) {
            return touched.reachesUnder(prefix);
        }
    }

    /** One session, or all. */
    record Sessions(Optional<String> id) implements KvQuestion {
        @Override
        public boolean concerns(Touched touched) {
            return touched.sessions();
        }
    }

    /**
     * The answer.
     *
     * @param index what a client may wait to be exceeded; at least 1
     * @param refusal why there is no answer
     */
    record Answer(
            long index, List<KvEntry> entries, List<String> names, List<KvSession> sessions, Optional<String> refusal) {
        public Answer {
            entries = List.copyOf(entries);
            names = List.copyOf(names);
            sessions = List.copyOf(sessions);
        }

        static Answer refused(long index, String why) {
            return new Answer(index, List.of(), List.of(), List.of(), Optional.of(why));
        }
    }
}

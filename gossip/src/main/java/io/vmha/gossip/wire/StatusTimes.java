package io.vmha.gossip.wire;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.ObjLongConsumer;

/**
 * When each member last changed its mind, in the order in which that is written or was read. Immutable. A large pool exchanges thousands
 * of them, and mostly nothing of it is new: so they are two arrays, and no map is built.
 */
public final class StatusTimes {
    private final String[] names;
    private final long[] times;

    private StatusTimes(String[] names, long[] times) {
        this.names = names;
        this.times = times;
    }

    /** Collects them. */
    public static final class Builder {
        private String[] names;
        private long[] times;
        private int count;

        /** Nothing yet, with room for so many before it must grow. */
        public Builder(int expected) {
            names = new String[expected];
            times = new long[expected];
        }

        /** One more member. */
        public Builder add(String name, long time) {
            if (count == names.length) {
                names = Arrays.copyOf(names, 2 * count + 1);
                times = Arrays.copyOf(times, 2 * count + 1);
            }
            names[count] = name;
            times[count++] = time;
            return this;
        }

        /** All of them, once: the builder gives its arrays away. */
        public StatusTimes build() {
            return new StatusTimes(
                    count == names.length ? names : Arrays.copyOf(names, count),
                    count == times.length ? times : Arrays.copyOf(times, count));
        }
    }

    public int size() {
        return names.length;
    }

    /** The same to be looked up; of equal names the last counts. */
    public Map<String, Long> asMap() {
        Map<String, Long> byName = new LinkedHashMap<>(2 * names.length);
        forEach(byName::put);
        return byName;
    }

    /** Gives each of them to the action, in order. */
    public void forEach(ObjLongConsumer<String> action) {
        for (int i = 0; i < names.length; i++) {
            action.accept(names[i], times[i]);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof StatusTimes that
                && Arrays.equals(names, that.names)
                && Arrays.equals(times, that.times);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(names) + Arrays.hashCode(times);
    }

    @Override
    public String toString() {
        var text = new StringBuilder("{");
        forEach((name, time) -> text.append(text.length() > 1 ? ", " : "")
                .append(name)
                .append('=')
                .append(time));
        return text.append('}').toString();
    }
}

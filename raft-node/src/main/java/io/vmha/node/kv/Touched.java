package io.vmha.node.kv;

import java.util.List;

/**
 * What a command has changed.
 *
 * @param index the log index of the command
 * @param trees prefixes under which anything may have changed
 * @param sessions true if a session began or ended
 */
public record Touched(long index, List<String> keys, List<String> trees, boolean sessions) {
    public Touched {
        keys = List.copyOf(keys);
        trees = List.copyOf(trees);
    }

    /** Nothing is known: everything may have changed. */
    public static Touched everything(long index) {
        return new Touched(index, List.of(), List.of(""), true);
    }

    /** True if nothing was changed. */
    public boolean isNothing() {
        return keys.isEmpty() && trees.isEmpty() && !sessions;
    }

    boolean reaches(String key) {
        return keys.contains(key) || trees.stream().anyMatch(key::startsWith);
    }

    boolean reachesUnder(String prefix) {
        return keys.stream().anyMatch(k -> k.startsWith(prefix))
                || trees.stream().anyMatch(t -> t.startsWith(prefix) || prefix.startsWith(t));
    }
}

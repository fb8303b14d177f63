package io.vmha.gossip.rpc;

import java.util.Locale;
import java.util.Optional;

/** One line of the agent's log, for {@code serf monitor}. */
public record LogLine(Level level, String text) {
    /** Serf's log levels, the chattiest first. */
    public enum Level {
        TRACE,
        DEBUG,
        INFO,
        WARN,
        ERR;

        /** The level that a client means; nothing if there is none of that name. */
        static Optional<Level> of(String name) {
            for (Level level : values()) {
                if (level.name().equals(name.toUpperCase(Locale.ROOT))) {
                    return Optional.of(level);
                }
            }
            return Optional.empty();
        }
    }
}

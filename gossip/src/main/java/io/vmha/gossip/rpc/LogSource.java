package io.vmha.gossip.rpc;

import java.util.List;
import java.util.function.Consumer;

/** Where {@code serf monitor} gets the agent's log from. May be used from any thread. */
public interface LogSource {
    /** An agent whose log cannot be followed. */
    LogSource NONE = new LogSource() {
        @Override
        public List<LogLine> recent() {
            return List.of();
        }

        @Override
        public void follow(Consumer<LogLine> reader) {
            // nothing ever comes
        }
    };

    /** The latest lines, at most 512. */
    List<LogLine> recent();

    /** From now on the reader is given every line, on the thread that logs it: hand over and return. */
    void follow(Consumer<LogLine> reader);
}

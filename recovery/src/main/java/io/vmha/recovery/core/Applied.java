package io.vmha.recovery.core;

import java.util.Optional;

/**
 * The outcome of applying one command: the next state, and why the command was refused if it was. A refused command changes nothing
 * but the index.
 */
public record Applied(RecoveryState state, Optional<String> refusal) {
    static Applied to(RecoveryState state) {
        return new Applied(state, Optional.empty());
    }

    static Applied refused(RecoveryState unchanged, String why) {
        return new Applied(unchanged, Optional.of(why));
    }
}

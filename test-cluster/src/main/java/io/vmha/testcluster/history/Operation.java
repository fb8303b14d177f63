package io.vmha.testcluster.history;

import java.util.Optional;

/**
 * One call of one client, with what it was told.
 *
 * @param client who called; a client has at most one call under way
 * @param key the object that was called; objects are checked one by one
 * @param action what was asked
 * @param argument the value written, appended or put in place of another one; the session of a lock's call; empty for a read
 * @param expected the value that a {@link Action#SWAP} wants to find; empty for all others and for "no value"
 * @param answer what a call that was {@link Outcome#DONE} returned: the value read (empty if there was none), "true" or "false" for a
 *     swap and the calls of a lock
 * @param invokedAt when the call began, in nanoseconds of one clock for the whole history
 * @param endedAt when it ended; without meaning if the outcome is {@link Outcome#UNKNOWN}
 */
public record Operation(
        String client,
        String key,
        Action action,
        String argument,
        Optional<String> expected,
        Optional<String> answer,
        Outcome outcome,
        long invokedAt,
        long endedAt) {
    public Operation {
        if (outcome != Outcome.UNKNOWN && endedAt < invokedAt) {
            throw new IllegalArgumentException(
                    "a call must not end (" + endedAt + ") before it began (" + invokedAt + "): " + client + " " + key);
        }
    }

    /** What can be asked. */
    public enum Action {
        /** The value. */
        READ,
        /** Put this value in place of whatever there is. */
        WRITE,
        /** Put this value in place of the expected one, or do nothing. */
        SWAP,
        /** Add this element at the end of the list. */
        APPEND,
        /** Take the lock for this session. */
        ACQUIRE,
        /** Give the lock back for this session. */
        RELEASE,
        /** This session ends and gives back what it holds; asked for, or by the store itself when its time is over. */
        END_SESSION
    }

    /** What is known of a call's effect. */
    public enum Outcome {
        /** It took effect between its beginning and its end. */
        DONE,
        /** It surely has no effect, not even a late one. */
        NO_EFFECT,
        /** It may take effect once, at any time after its beginning, or never. */
        UNKNOWN
    }

    /** True if the call was answered and so must have taken effect before its end. */
    boolean isDone() {
        return outcome == Outcome.DONE;
    }

    @Override
    public String toString() {
        String asked = switch (action) {
            case READ -> "read";
            case WRITE -> "write " + argument;
            case SWAP -> "swap " + expected.orElse("nothing") + " for " + argument;
            case APPEND -> "append " + argument;
            case ACQUIRE -> "acquire for " + argument;
            case RELEASE -> "release for " + argument;
            case END_SESSION -> "end of session " + argument;
        };
        String told = switch (outcome) {
            case DONE -> "-> " + answer.orElse("nothing") + " [" + invokedAt + ", " + endedAt + "]";
            case NO_EFFECT -> "without effect";
            case UNKNOWN -> "-> unknown [" + invokedAt + ", ...";
        };
        return client + ": " + key + ": " + asked + " " + told;
    }
}

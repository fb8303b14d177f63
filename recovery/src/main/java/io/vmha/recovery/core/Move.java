package io.vmha.recovery.core;

/**
 * One VM of a host that is being drained.
 *
 * @param attempts how often Nova was asked to move it
 * @param intentTerm the term in which the open attempt was decided; 0 if none is open
 * @param detail where it went, or why it stays
 */
public record Move(ServerId server, String name, Step step, int attempts, long intentTerm, String detail) {
    /** Where it is. */
    public enum Step {
        WAITING,
        /** Nova is asked to migrate it while it runs. */
        MOVING,
        /** Nova is asked to migrate it stopped, because the drain allows that. */
        MOVING_COLD,
        MOVED,
        /** It stays where it is. */
        LEFT;

        /** True while Nova is at work on it. */
        public boolean isUnderWay() {
            return this == MOVING || this == MOVING_COLD;
        }
    }

    static Move planned(ServerId server, String name) {
        return new Move(server, name, Step.WAITING, 0, 0, "");
    }

    public boolean hasEnded() {
        return step == Step.MOVED || step == Step.LEFT;
    }

    Move begun(boolean cold, long term) {
        return new Move(server, name, cold ? Step.MOVING_COLD : Step.MOVING, attempts + 1, term, detail);
    }

    Move with(Step next, String words) {
        return new Move(server, name, next, attempts, 0, words);
    }
}

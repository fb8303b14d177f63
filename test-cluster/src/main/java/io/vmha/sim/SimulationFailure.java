package io.vmha.sim;

/** A run broke a rule. The message says which, shows the end of the story, and how to repeat the run. */
public final class SimulationFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String rule;

    SimulationFailure(String rule, String message, Throwable cause) {
        super(message, cause);
        this.rule = rule;
    }

    /** The broken rule, such as {@code S1} or {@code liveness}. */
    public String rule() {
        return rule;
    }
}

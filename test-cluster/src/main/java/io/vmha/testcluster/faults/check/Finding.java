package io.vmha.testcluster.faults.check;

import java.util.List;

/**
 * What one invariant says of one history.
 *
 * @param verdict whether it held
 * @param summary one sentence, with the numbers that were looked at
 * @param evidence what speaks against it, or why it cannot be told; at most {@link #EVIDENCE_MAX} lines
 */
public record Finding(Verdict verdict, String summary, List<String> evidence) {
    /** How much evidence is kept. */
    public static final int EVIDENCE_MAX = 40;

    /** The three answers that there are. */
    public enum Verdict {
        HELD,
        /** The history does not show what would be needed to tell. */
        UNKNOWN,
        VIOLATED
    }

    public Finding {
        evidence = List.copyOf(evidence.subList(0, Math.min(evidence.size(), EVIDENCE_MAX)));
    }

    /** Held if nothing speaks against it, unknown if only doubts do. */
    static Finding of(String summary, List<String> against, List<String> doubts) {
        if (!against.isEmpty()) {
            return new Finding(Verdict.VIOLATED, summary + "; " + against.size() + " against it", against);
        }
        return doubts.isEmpty()
                ? new Finding(Verdict.HELD, summary, List.of())
                : new Finding(Verdict.UNKNOWN, summary + "; " + doubts.size() + " cannot be told", doubts);
    }
}

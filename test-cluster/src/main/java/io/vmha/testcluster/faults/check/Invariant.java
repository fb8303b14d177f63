package io.vmha.testcluster.faults.check;

import io.vmha.testcluster.faults.history.History;
import java.util.function.Function;

/**
 * One thing that must hold in every run.
 *
 * @param id as in the list of invariants, such as {@code I1}
 * @param title a sentence that a person can judge
 * @param look finds out from a history
 */
public record Invariant(String id, String title, Function<History, Finding> look) {
    /** What this history says. */
    public Finding check(History history) {
        return look.apply(history);
    }
}

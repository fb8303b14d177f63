package io.vmha.testcluster.faults.nemesis;

/**
 * One way to make things go wrong.
 *
 * @param name as it is asked for
 * @param about one sentence for a reader
 * @param shortestMs how long it lasts at least
 * @param longestMs how long it lasts at most, unless a scenario says otherwise
 */
public record Nemesis(String name, Family family, String about, long shortestMs, long longestMs, Beginning beginning) {
    /** Starts it. */
    public interface Beginning {
        Fault begin(Stage stage);
    }

    public Nemesis {
        if (shortestMs < 0 || longestMs < shortestMs) {
            throw new IllegalArgumentException(
                    name + " must last 0 ms or more, but lasts " + shortestMs + " to " + longestMs + " ms");
        }
    }
}

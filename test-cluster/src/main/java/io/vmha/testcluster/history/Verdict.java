package io.vmha.testcluster.history;

/** What the checker says of a history. */
public sealed interface Verdict {
    /** One sentence for people. */
    String explanation();

    /** True if one store could have told its clients all of this. */
    default boolean isRight() {
        return this instanceof Right;
    }

    /**
     * Every object's calls have an order that explains all answers.
     *
     * @param operations how many calls were looked at
     */
    record Right(int objects, int operations) implements Verdict {
        @Override
        public String explanation() {
            return operations + " calls of " + objects + " objects are linearizable";
        }
    }

    /** No order of the calls of one object explains all answers. */
    record Wrong(String key, String explanation) implements Verdict {}

    /** The checker ran out of its budget before it knew; a longer budget or shorter histories are needed. */
    record Undecided(String key, String explanation) implements Verdict {}
}

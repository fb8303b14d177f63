package io.vmha.recovery.core;

import java.util.Optional;

/**
 * How far the proof without a BMC has come for one host.
 *
 * @param sealIndex the log index of its seal, 0 while it is not sealed
 * @param sealApplied whether a majority of the voters is known to have applied the seal: from then on a person's word counts
 * @param personAsked why nothing but a person's word can prove it, once that has been said
 */
public record Proving(long sealIndex, boolean sealApplied, Optional<String> personAsked) {
    /** Nothing has been done yet. */
    public static final Proving NOT_BEGUN = new Proving(0, false, Optional.empty());

    /** True once the voters that have applied the seal answer the host no more. */
    public boolean isSealed() {
        return sealIndex > 0;
    }

    /** True while a person waits to give a word, which counts only after the seal. */
    boolean awaitsMajority() {
        return isSealed() && !sealApplied && personAsked.isPresent();
    }

    Proving sealedAt(long index) {
        return new Proving(index, false, personAsked);
    }

    Proving withSealApplied() {
        return new Proving(sealIndex, true, personAsked);
    }

    Proving asking(String why) {
        return new Proving(sealIndex, sealApplied, Optional.of(why));
    }
}

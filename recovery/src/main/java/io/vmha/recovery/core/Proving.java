package io.vmha.recovery.core;

import java.util.Optional;

/**
 * How far the proof without a BMC has come for one host.
 *
 * @param sealIndex the log index of its seal, 0 while it is not sealed
 * @param personAsked why nothing but a person's word can prove it, once that has been said
 */
public record Proving(long sealIndex, Optional<String> personAsked) {
    /** Nothing has been done yet. */
    public static final Proving NOT_BEGUN = new Proving(0, Optional.empty());

    /** True once the voters that have applied the seal answer the host no more. */
    public boolean isSealed() {
        return sealIndex > 0;
    }

    Proving sealedAt(long index) {
        return new Proving(index, personAsked);
    }

    Proving asking(String why) {
        return new Proving(sealIndex, Optional.of(why));
    }
}

package io.vmha.node.lease;

import io.vmha.recovery.core.Electorate;

/**
 * One voter's answer to one renewal.
 *
 * @param sentAtMs when the renewal was sent, on the boot clock
 * @param renewed the epoch that the renewal named
 * @param known the AZ of the voter's group is protected and contains this host
 * @param sealed the life that was named is answered no more
 * @param answered the renewal counts
 * @param epoch this host's epoch in the state that the voter has applied
 * @param applied how far it has applied the log
 * @param proofs what the AZ relies on
 * @param told the voters as its log has them
 */
public record Heard(
        String group,
        String voter,
        long sentAtMs,
        long renewed,
        boolean known,
        boolean sealed,
        boolean answered,
        long epoch,
        long applied,
        String proofs,
        Electorate told) {}

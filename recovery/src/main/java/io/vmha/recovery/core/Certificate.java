package io.vmha.recovery.core;

/**
 * The committed record that one life of a host cannot write any more (S1, S2). No evacuate call for one of its VMs is made without it.
 *
 * @param term the term of the leader that proposed it
 * @param index its own index in the log
 * @param detail the proof in words: what the BMC, the voters or the person said
 */
public record Certificate(HostName host, long epoch, Proof proof, String detail, long term, long index, long atMs) {
    /** The kinds of proof (S2). */
    public enum Proof {
        /** The BMC with the host's identity answered "off". */
        POWER_OFF,
        /** A majority of the voters sealed this life of an armed host and stated that its lease has run out (S4). */
        LEASE_EXPIRED,
        /** A named person confirmed that the host is down. */
        OPERATOR
    }
}

package io.vmha.gossip.memberlist;

/**
 * The timings and sizes of the protocol. All nodes of a pool should use the same ones. Times in milliseconds.
 *
 * @param suspicionMaxMult how many times longer a suspicion lasts while nobody confirms it
 * @param awarenessMax how many times the probe interval is stretched at most while we doubt ourselves
 * @param packetBytes target size of a datagram
 * @param deadReclaimMs a dead node's name may come back from another address after this long; 0 means never, as in Serf
 * @param leaveDelayMs how long a leaving node still answers after it has said so
 */
public record Profile(
        long probeIntervalMs,
        long probeTimeoutMs,
        int indirectChecks,
        int suspicionMult,
        int suspicionMaxMult,
        int awarenessMax,
        long gossipIntervalMs,
        int gossipNodes,
        long gossipToTheDeadMs,
        int retransmitMult,
        long pushPullIntervalMs,
        long tcpTimeoutMs,
        int packetBytes,
        long deadReclaimMs,
        long leaveDelayMs) {
    private static final long SECOND = 1000;

    /** memberlist LAN profile; names may be reclaimed after 30 s as in newer Consul. */
    public static final Profile LAN = new Profile(
            SECOND, 500, 3, 4, 6, 8, 200, 3, 30 * SECOND, 4, 30 * SECOND, 10 * SECOND, 1400, 30 * SECOND, SECOND);

    /** memberlist WAN profile. */
    public static final Profile WAN = new Profile(
            5 * SECOND,
            3 * SECOND,
            3,
            6,
            6,
            8,
            500,
            4,
            60 * SECOND,
            4,
            60 * SECOND,
            30 * SECOND,
            1400,
            30 * SECOND,
            3 * SECOND);

    /** memberlist local profile, for tests on one machine. */
    public static final Profile LOCAL = new Profile(
            SECOND, 200, 1, 3, 6, 8, 100, 3, 15 * SECOND, 2, 15 * SECOND, SECOND, 1400, 30 * SECOND, SECOND);

    public Profile {
        positive("probe_interval", probeIntervalMs);
        positive("probe_timeout", probeTimeoutMs);
        positive("suspicion_mult", suspicionMult);
        positive("suspicion_max_mult", suspicionMaxMult);
        positive("awareness_max", awarenessMax);
        positive("gossip_interval", gossipIntervalMs);
        positive("gossip_nodes", gossipNodes);
        positive("retransmit_mult", retransmitMult);
        positive("push_pull_interval", pushPullIntervalMs);
        positive("tcp_timeout", tcpTimeoutMs);
        if (probeTimeoutMs >= probeIntervalMs) {
            throw new IllegalArgumentException("probe_timeout (" + probeTimeoutMs
                    + " ms) must be shorter than probe_interval (" + probeIntervalMs + " ms)");
        }
        if (packetBytes < 1000 || packetBytes > 65_000) {
            throw new IllegalArgumentException("packet_bytes must be in 1000..65000 but is " + packetBytes);
        }
        if (indirectChecks < 0 || gossipToTheDeadMs < 0 || deadReclaimMs < 0 || leaveDelayMs < 0) {
            throw new IllegalArgumentException("times and counts of a gossip profile must not be negative: "
                    + indirectChecks + ", " + gossipToTheDeadMs + ", " + deadReclaimMs + ", " + leaveDelayMs);
        }
    }

    private static void positive(String name, long value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " must be at least 1 but is " + value);
        }
    }
}

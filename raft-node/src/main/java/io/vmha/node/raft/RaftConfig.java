package io.vmha.node.raft;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/**
 * Settings of one node.
 *
 * @param dataDir this node's own directory; created if missing
 * @param nodeName unique among the nodes, letters, digits, dot, dash, underscore
 * @param address the cluster IP and the port (8300); the only address that is bound
 * @param tls empty: plain text and no authentication, whoever reaches the port can take part
 * @param electionTimeout a follower that hears no leader for between this and twice this starts an election
 * @param snapshotEntries a snapshot is written after so many entries
 */
public record RaftConfig(
        Path dataDir,
        String nodeName,
        InetSocketAddress address,
        Optional<RaftTls> tls,
        Duration electionTimeout,
        long snapshotEntries) {
    /** Below this a stressed hypervisor loses its leader for nothing; production values are 1 s and 2 s. */
    private static final Duration ELECTION_TIMEOUT_MIN = Duration.ofMillis(100);

    private static final Duration ELECTION_TIMEOUT_MAX = Duration.ofSeconds(30);

    public RaftConfig {
        Objects.requireNonNull(dataDir, "dataDir");
        Objects.requireNonNull(tls, "tls");
        PeerId.of(nodeName, 0); // validates the name
        if (address.isUnresolved()
                || address.getAddress().isAnyLocalAddress()
                || address.getAddress().isMulticastAddress()
                || address.getPort() == 0) {
            throw new IllegalArgumentException(
                    "the cluster address must be one IP address and a port but is " + address);
        }
        if (electionTimeout.compareTo(ELECTION_TIMEOUT_MIN) < 0
                || electionTimeout.compareTo(ELECTION_TIMEOUT_MAX) > 0) {
            throw new IllegalArgumentException("the election timeout must be between " + ELECTION_TIMEOUT_MIN + " and "
                    + ELECTION_TIMEOUT_MAX + " but is " + electionTimeout);
        }
        if (snapshotEntries < 1) {
            throw new IllegalArgumentException("snapshotEntries must be at least 1 but is " + snapshotEntries);
        }
    }

    /** The defaults: no TLS, elections after 1 s to 2 s, a snapshot every 2000 entries. */
    public static RaftConfig of(Path dataDir, String nodeName, InetSocketAddress address) {
        return new RaftConfig(dataDir, nodeName, address, Optional.empty(), Duration.ofSeconds(1), 2000);
    }

    public RaftConfig withTls(RaftTls newTls) {
        return new RaftConfig(dataDir, nodeName, address, Optional.of(newTls), electionTimeout, snapshotEntries);
    }

    public RaftConfig withElectionTimeout(Duration newTimeout) {
        return new RaftConfig(dataDir, nodeName, address, tls, newTimeout, snapshotEntries);
    }

    public RaftConfig withSnapshotEntries(long newEntries) {
        return new RaftConfig(dataDir, nodeName, address, tls, electionTimeout, newEntries);
    }
}

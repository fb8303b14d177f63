package io.vmha.node.config;

import io.vmha.recovery.core.EvacuationPolicy;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Limits;
import io.vmha.recovery.core.Proofs;
import io.vmha.recovery.core.RecoveryConfig;
import io.vmha.recovery.core.RestartPolicy;
import io.vmha.recovery.fencing.FencingConfig;
import io.vmha.recovery.openstack.OpenStackConfig;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Everything the daemon is told by its configuration file, checked. The file's keys are explained in {@code vmhad.yaml.example}.
 *
 * @param host this host as Nova's compute service names it
 * @param datacenter the gossip pool's name; all agents of a region share one
 * @param clusterIp the address that Raft and gossip bind and announce
 * @param dataDir where the Raft log and the gossip snapshot live
 * @param tags what this member tells the pool about itself besides what the daemon adds, {@code rack} included
 * @param events where the AZ's events are sent; empty for nowhere
 */
public record VmhadConfig(
        HostName host,
        String datacenter,
        InetAddress clusterIp,
        Path dataDir,
        Ports ports,
        Listener http,
        Listener rpc,
        Gossip gossip,
        Raft raft,
        OpenStackConfig openstack,
        Recovery recovery,
        Lease lease,
        Gate gate,
        FencingConfig fencing,
        SortedMap<String, String> tags,
        Optional<Events> events) {
    public VmhadConfig {
        tags = Collections.unmodifiableSortedMap(new TreeMap<>(tags));
    }

    /** The TCP ports, of which {@code gossip} is a UDP port too. */
    public record Ports(int raft, int gossip, int rpc, int http) {
        public static final Ports DEFAULT = new Ports(8300, 8301, 8400, 8500);
    }

    /**
     * Where clients are listened to.
     *
     * @param token what a client must show before it may change anything; always present when the address is not loopback
     */
    public record Listener(InetSocketAddress address, Optional<Token> token) {}

    /** A client's proof that it may change things. Never printed. */
    public record Token(String reveal) {
        @Override
        public String toString() {
            return "(hidden)";
        }
    }

    /**
     * The pool.
     *
     * @param keys encryption keys, the first is used for sending; empty for an open pool
     * @param retryJoin members to join through, asked until they are members
     * @param name this member's name in the pool
     * @param serfRpc the door for the {@code serf} command; empty to keep it closed
     */
    public record Gossip(
            List<GossipKey> keys,
            List<HostAndPort> retryJoin,
            Profile profile,
            String name,
            Optional<SerfRpc> serfRpc) {
        public Gossip {
            keys = List.copyOf(keys);
            retryJoin = List.copyOf(retryJoin);
        }
    }

    /**
     * Where Serf clients are listened to, on loopback, and what they must show; empty for nothing.
     *
     * @param coalesceEvents whether events are gathered as {@code serf agent} does, instead of handed on at once
     */
    public record SerfRpc(InetSocketAddress address, Optional<Token> authKey, boolean coalesceEvents) {}

    /** memberlist's sets of timings: LAN, WAN, and one for a single machine. */
    public enum Profile {
        LAN,
        WAN,
        LOCAL
    }

    /** A host, by address or by a name that is looked up when it is used, and a port. */
    public record HostAndPort(String host, int port) {}

    /**
     * The Raft server's timings and identity.
     *
     * @param electionTimeout a voter that hears no leader for between this and twice this stands for election
     * @param replaceAfter a voter whose agent has been away from the pool for so long is replaced by a spare host
     * @param tls mutual TLS between the voters; empty for none
     */
    public record Raft(Duration electionTimeout, Duration replaceAfter, Optional<Tls> tls) {}

    /** PEM files: the authority that signed every node's certificate, and this node's certificate and key. */
    public record Tls(Path ca, Path cert, Path key) {}

    /**
     * How recovery behaves.
     *
     * @param instancesShared the operator's word that every host reaches the disks of VMs that boot from an image
     * @param limits of an AZ that is enabled through this node
     * @param proofs what an AZ that is enabled through this node relies on; empty for what its hosts offer
     * @param policy of an AZ that is enabled through this node
     * @param instances what this host's instances lie on, if that is known
     * @param restart what an AZ that is enabled through this node does about VMs that die on hosts that live
     */
    public record Recovery(
            RecoveryConfig timing,
            boolean instancesShared,
            Limits limits,
            Optional<Proofs> proofs,
            EvacuationPolicy policy,
            Optional<Instances> instances,
            RestartPolicy restart) {}

    /**
     * The files that the daemon and the guard of this host speak through; on a RAM disk, so that they do not survive a boot.
     *
     * @param file what the daemon writes
     * @param guard what the guard writes
     */
    public record Lease(Path file, Path guard) {}

    /**
     * What the disks of VMs that boot from an image lie on.
     *
     * @param place as in {@link io.vmha.recovery.core.StorageReport}
     * @param path the directory; empty for an image backend
     */
    public record Instances(String place, Optional<Path> path) {}

    /**
     * The receiver of the AZ's events.
     *
     * @param secret the key of the signature; empty for none
     */
    public record Events(URI webhook, Optional<Token> secret) {}

    /**
     * The gate that guests wait behind, and the way back of a host that was recovered.
     *
     * @param file what the daemon says, for {@code vmha gate}
     * @param returnsByItself false if a person brings a recovered host back
     * @param pidFiles where the guests' pid files are; empty for libvirt
     * @param restartCompute the command that restarts nova-compute; empty to ask the package's unit for it
     */
    public record Gate(
            Path file,
            boolean returnsByItself,
            Optional<Path> pidFiles,
            String libvirtUri,
            List<String> restartCompute) {
        public Gate {
            restartCompute = List.copyOf(restartCompute);
        }
    }

    /**
     * Reads a configuration file.
     *
     * @throws ConfigException with every problem that was found
     */
    public static VmhadConfig load(Path file) {
        return ConfigReader.read(file, Machine.here());
    }
}

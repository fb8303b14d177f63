package io.vmha.node.control;

import io.vmha.gossip.memberlist.Profile;
import io.vmha.gossip.netty.GossipAgent;
import io.vmha.gossip.netty.GossipConfig;
import io.vmha.gossip.serf.Member;
import io.vmha.gossip.serf.MemberStatus;
import io.vmha.node.config.GossipKey;
import io.vmha.node.config.VmhadConfig;
import io.vmha.node.lease.HostLease;
import io.vmha.node.raft.RaftNode;
import io.vmha.recovery.core.FeatureLevel;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What this member tells the pool about itself, kept up to date with its part in Raft. */
public final class PoolTags {
    private static final Logger LOG = LoggerFactory.getLogger(PoolTags.class);
    private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|[0-9a-fA-F.]*:[0-9a-fA-F:.]*");

    private final VmhadConfig config;
    private final RaftNode raft;
    private final HostLease lease;
    private final SeedRounds rounds = new SeedRounds();
    private final Map<VmhadConfig.HostAndPort, InetSocketAddress> found = new LinkedHashMap<>();
    private SortedMap<String, String> said = new TreeMap<>();

    public PoolTags(VmhadConfig config, RaftNode raft, HostLease lease) {
        this.config = config;
        this.raft = raft;
        this.lease = lease;
    }

    /** The gossip agent's configuration, with the tags as they are now. */
    public GossipConfig gossipConfig() {
        said = now();
        return GossipConfig.of(
                        config.gossip().name(),
                        new InetSocketAddress(config.clusterIp(), config.ports().gossip()))
                .withTags(said)
                .withKeys(config.gossip().keys().stream().map(GossipKey::bytes).toList())
                .withProfile(profile())
                .withDirectory(config.dataDir().resolve("gossip"));
    }

    private Profile profile() {
        return switch (config.gossip().profile()) {
            case LAN -> Profile.LAN;
            case WAN -> Profile.WAN;
            case LOCAL -> Profile.LOCAL;
        };
    }

    /** Numbers about the pool for the metrics. */
    public static SortedMap<String, Double> gauges(GossipAgent gossip) {
        var stats = gossip.stats();
        var gauges = new TreeMap<String, Double>();
        gauges.put("gossip_packets_in", (double) stats.packetsIn());
        gauges.put("gossip_packets_out", (double) stats.packetsOut());
        gauges.put("gossip_bytes_in", (double) stats.bytesIn());
        gauges.put("gossip_bytes_out", (double) stats.bytesOut());
        gauges.put("gossip_decode_errors", (double) stats.decodeErrors());
        gauges.put("gossip_suspicions", (double) stats.suspicions());
        gauges.put("gossip_queue_length", (double) stats.queueLength());
        gauges.put("gossip_health_score", (double) stats.healthScore());
        return gauges;
    }

    /** The names of the members that have failed or left. */
    public static Set<String> gone(GossipAgent gossip) {
        return gossip.members().stream()
                .filter(m -> m.status() == MemberStatus.FAILED || m.status() == MemberStatus.LEFT)
                .map(Member::name)
                .collect(Collectors.toSet());
    }

    /** Tells the pool if anything has changed. One thread. */
    public void publish(GossipAgent gossip) {
        SortedMap<String, String> tags = now();
        if (!tags.equals(said)) {
            said = tags;
            gossip.setTags(tags);
        }
    }

    /** Joins through those of the configured members that are due; called again and again. One thread. */
    public void seek(GossipAgent gossip, long nowMs) {
        Set<InetSocketAddress> alive = gossip.members().stream()
                .filter(m -> m.status() == MemberStatus.ALIVE
                        && !m.name().equals(config.gossip().name()))
                .map(m -> new InetSocketAddress(m.address(), m.port()))
                .collect(Collectors.toSet());
        List<InetSocketAddress> addresses = rounds.due(nowMs, seeds(alive.isEmpty()), alive);
        if (!addresses.isEmpty()) {
            var unused = gossip.join(addresses).whenComplete((count, failure) -> {
                if (failure != null) {
                    LOG.debug("nobody to join yet why=\"{}\"", failure.toString());
                }
            });
        }
    }

    /** The configured members, without this one. A name server may take its time: with company, names are what they were while alone. */
    private List<InetSocketAddress> seeds(boolean namesToo) {
        var self = new InetSocketAddress(config.clusterIp(), config.ports().gossip());
        for (VmhadConfig.HostAndPort seed : config.gossip().retryJoin()) {
            if (namesToo || ADDRESS.matcher(seed.host()).matches()) {
                found.put(seed, new InetSocketAddress(seed.host(), seed.port()));
            }
        }
        return found.values().stream()
                .filter(a -> !a.isUnresolved() && !a.equals(self))
                .distinct()
                .toList();
    }

    private SortedMap<String, String> now() {
        var tags = new TreeMap<>(config.tags());
        tags.put("role", "node");
        tags.put("dc", config.datacenter());
        tags.put(PeerBook.TAG_VERSION, "0.1.0");
        tags.put(PeerBook.TAG_LEVEL, Integer.toString(FeatureLevel.newest()));
        tags.put(PeerBook.TAG_HOST, config.host().value());
        tags.put(PeerBook.TAG_PEER, raft.self().id().value());
        tags.put(PeerBook.TAG_RAFT_PORT, Integer.toString(config.ports().raft()));
        var status = raft.status();
        status.group().ifPresent(group -> tags.put(PeerBook.TAG_GROUP, group.toString()));
        if (status.voters().contains(raft.self().id())) {
            tags.put(PeerBook.TAG_VOTER, "1");
        }
        if (lease.guard().armed()) {
            tags.put(PeerBook.TAG_ARMED, "1");
        }
        return tags;
    }
}

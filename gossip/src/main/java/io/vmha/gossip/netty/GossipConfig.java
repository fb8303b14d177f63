package io.vmha.gossip.netty;

import io.vmha.gossip.memberlist.Profile;
import io.vmha.gossip.wire.Keyring;
import io.vmha.gossip.wire.Limits;
import io.vmha.gossip.wire.Tags;
import io.vmha.gossip.wire.WireSettings;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How one gossip agent runs.
 *
 * @param name unique in the pool, 1 to 128 letters, digits, dots, dashes or underscores
 * @param bindAddress the cluster address, used for UDP and TCP and told to peers; port 0 takes any free one
 * @param tags what the member tells about itself; 512 bytes encoded
 * @param keys AES keys of 16, 24 or 32 bytes; the first one encrypts, all of them decrypt; none means plaintext
 * @param label name of the pool in front of every packet; empty for none, as Serf and Consul have it
 * @param rpc the door for Serf clients; none unless asked for
 * @param directory where members and rotated keys are remembered over a restart; none to forget them
 */
public record GossipConfig(
        String name,
        InetSocketAddress bindAddress,
        SortedMap<String, String> tags,
        List<byte[]> keys,
        Profile profile,
        String label,
        Optional<RpcSettings> rpc,
        Optional<Path> directory) {
    private static final int NAME_MAX = 128;

    public GossipConfig {
        if (!name.matches("[A-Za-z0-9._-]{1," + NAME_MAX + "}")) {
            throw new IllegalArgumentException("gossip name must be 1 to " + NAME_MAX
                    + " letters, digits, dots, dashes or underscores but is '" + name + "'");
        }
        if (bindAddress.isUnresolved()) {
            throw new IllegalArgumentException("gossip address " + bindAddress.getHostString()
                    + " cannot be resolved; give the cluster IP address itself");
        }
        if (bindAddress.getAddress().isAnyLocalAddress()
                || bindAddress.getAddress().isMulticastAddress()) {
            throw new IllegalArgumentException("gossip address must be one address of this host but is "
                    + bindAddress.getAddress().getHostAddress());
        }
        int labelBytes = label.getBytes(StandardCharsets.UTF_8).length;
        if (labelBytes > Limits.LABEL_BYTES_MAX) {
            throw new IllegalArgumentException(
                    "gossip label must have at most " + Limits.LABEL_BYTES_MAX + " bytes but has " + labelBytes);
        }
        Keyring.of(keys);
        tags = Collections.unmodifiableSortedMap(new TreeMap<>(tags));
        Tags.encode(tags);
        keys = keys.stream().map(byte[]::clone).toList();
    }

    /** A member of an unencrypted LAN pool without tags. */
    public static GossipConfig of(String name, InetSocketAddress bindAddress) {
        return new GossipConfig(
                name, bindAddress, new TreeMap<>(), List.of(), Profile.LAN, "", Optional.empty(), Optional.empty());
    }

    /** The same with these tags. */
    public GossipConfig withTags(SortedMap<String, String> newTags) {
        return new GossipConfig(name, bindAddress, newTags, keys, profile, label, rpc, directory);
    }

    /** The same with these keys, the primary one first. */
    public GossipConfig withKeys(List<byte[]> newKeys) {
        return new GossipConfig(name, bindAddress, tags, newKeys, profile, label, rpc, directory);
    }

    /** The same with other timings. */
    public GossipConfig withProfile(Profile newProfile) {
        return new GossipConfig(name, bindAddress, tags, keys, newProfile, label, rpc, directory);
    }

    /** The same in a labelled pool. */
    public GossipConfig withLabel(String newLabel) {
        return new GossipConfig(name, bindAddress, tags, keys, profile, newLabel, rpc, directory);
    }

    /** The same with a door for Serf clients. */
    public GossipConfig withRpc(RpcSettings newRpc) {
        return new GossipConfig(name, bindAddress, tags, keys, profile, label, Optional.of(newRpc), directory);
    }

    /** The same with a memory in this directory. */
    public GossipConfig withDirectory(Path newDirectory) {
        return new GossipConfig(name, bindAddress, tags, keys, profile, label, rpc, Optional.of(newDirectory));
    }

    /** Serf and Consul compress by default, so do we. */
    WireSettings wireSettings() {
        return new WireSettings(Keyring.of(keys), label, true);
    }

    /** Without the keys. */
    @Override
    public String toString() {
        return "GossipConfig[name=" + name + ", bindAddress=" + bindAddress + ", tags=" + tags + ", keys=" + keys.size()
                + ", label=" + label + "]";
    }
}

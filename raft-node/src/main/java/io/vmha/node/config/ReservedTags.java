package io.vmha.node.config;

import java.util.List;

/**
 * Tags that nobody may set, neither in the configuration nor through Serf's RPC: the daemon tells the pool by them what other daemons believe,
 * or they make a stock Consul server take us for one of its own.
 */
public final class ReservedTags {
    /** Their names. */
    public static final List<String> NAMES = List.of(
            "role",
            "dc",
            "id",
            "vsn",
            "vsn_min",
            "vsn_max",
            "build",
            "port",
            "segment",
            "expect",
            "bootstrap",
            "host",
            "az",
            "vmha",
            "peer",
            "raft",
            "voter",
            "group",
            "armed");

    private ReservedTags() {}
}

package io.vmha.node.config;

import java.util.List;
import java.util.stream.Stream;

/**
 * Tags that nobody may set, or not by Serf's RPC: the daemon tells the pool by them what other daemons believe, or they make a stock Consul
 * server take us for one of its own.
 */
public final class ReservedTags {
    /** Those that nobody may set. */
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
            "armed",
            "level");

    /** Those that a Serf client may not set: where the voters are put goes by {@code rack}, which is the configuration's to say. */
    public static final List<String> FOR_CLIENTS =
            Stream.concat(NAMES.stream(), Stream.of("rack")).toList();

    private ReservedTags() {}
}

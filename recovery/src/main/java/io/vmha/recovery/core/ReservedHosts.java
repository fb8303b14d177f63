package io.vmha.recovery.core;

import java.util.List;

/**
 * The hosts that an AZ keeps free for those that it loses. Nova has them disabled until one is needed.
 *
 * @param hosts in the order in which they are taken
 * @param join whether one that is not in the aggregate is added to it for as long as it is needed
 */
public record ReservedHosts(List<HostName> hosts, boolean join) {
    public static final ReservedHosts NONE = new ReservedHosts(List.of(), false);

    public ReservedHosts {
        hosts = List.copyOf(hosts);
    }
}

package io.vmha.recovery.fencing;

import io.vmha.recovery.config.Section;
import io.vmha.recovery.core.HostName;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The fence devices of the hosts.
 *
 * @param parallelMax how many agents may run at once
 */
public record FencingConfig(SortedMap<HostName, FenceDevice> devices, int parallelMax) {
    private static final int PARALLEL = 8;

    public FencingConfig {
        devices = Collections.unmodifiableSortedMap(new TreeMap<>(devices));
    }

    /** No host has a fence device. */
    public static FencingConfig none() {
        return new FencingConfig(new TreeMap<>(), PARALLEL);
    }

    public List<HostName> hosts() {
        return List.copyOf(devices.keySet());
    }

    /**
     * Reads the section {@code fencing}: {@code parallel}, {@code defaults} and {@code hosts}, a mapping by the hosts' Nova names. Each
     * host takes from the defaults what it does not say itself; options are merged one by one. Keys of a device: agent, address, username,
     * password or password_file, identity, status_timeout, off_timeout, options.
     *
     * @return empty if there were problems; they are in {@code section.problems()}
     */
    public static Optional<FencingConfig> read(Section section) {
        int before = section.problems().size();
        int parallel = section.integer("parallel", PARALLEL, 1, 64);
        var defaults =
                section.section("defaults").map(DeviceDraft::readDefaults).orElse(DeviceDraft.EMPTY);
        var devices = new TreeMap<HostName, FenceDevice>();
        section.section("hosts")
                .ifPresent(hosts -> hosts.sections().forEach((name, host) -> {
                    if (name.isBlank() || name.length() > 255) {
                        hosts.problem(name, "is no host name");
                        return;
                    }
                    DeviceDraft.read(host)
                            .or(defaults)
                            .complete(host, new HostName(name))
                            .ifPresent(device -> devices.put(device.host(), device));
                }));
        section.refuseUnknownKeys();
        refuseDoubles(section, devices);
        return section.problems().size() > before
                ? Optional.empty()
                : Optional.of(new FencingConfig(devices, parallel));
    }

    /** A line copied from one host to the next would fence the wrong machine. */
    private static void refuseDoubles(Section section, Map<HostName, FenceDevice> devices) {
        var places = new HashMap<String, HostName>();
        var guids = new HashMap<Identity, HostName>();
        devices.forEach((host, device) -> {
            var neighbour =
                    places.putIfAbsent(device.agent() + " " + device.access().place(), host);
            if (neighbour != null) {
                section.problem("hosts." + host, "has the same address, port and plug as hosts." + neighbour);
            }
            if (device.identity() instanceof Identity.Guid guid) {
                var twin = guids.putIfAbsent(guid, host);
                if (twin != null) {
                    section.problem("hosts." + host, "has the same identity as hosts." + twin);
                }
            }
        });
    }
}

package io.vmha.testcluster.cluster;

import io.vmha.testcluster.guard.GuardProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** A real vmha-guard on each host of a cluster, over the host's guests, which are processes. It loses its power with its host. */
public final class HostGuards implements AutoCloseable {
    /** What a boot takes from the RAM disk of a host. */
    private static final List<String> VOLATILE = List.of("lease", "guard", "guard.guests", "guard.memory", "gate");

    private final Cluster cluster;
    private final Function<String, Path> guests;
    private final Map<String, GuardProcess> guards = new TreeMap<>();

    /** @param guests the directory of a host's pid files, by the host's name */
    public HostGuards(Cluster cluster, Function<String, Path> guests) {
        this.cluster = cluster;
        this.guests = guests;
    }

    /** Where the settings {@code lease.file} and {@code lease.guard} of a host's daemon point to. */
    static Path directory(ClusterHost host) {
        return host.directory().resolve("run");
    }

    /** Starts the guard of a host. It ends with the thread that starts it. */
    public void start(String name) {
        ClusterHost host = cluster.host(name);
        try {
            Files.createDirectories(guests.apply(name));
        } catch (IOException e) {
            throw new ClusterException("the guests' directory of " + name + " cannot be made: " + e.getMessage(), e);
        }
        GuardProcess guard = GuardProcess.start(
                List.of("setsid"), directory(host), "pids:" + guests.apply(name).toAbsolutePath());
        cluster.tie(name, guard.handle(), "guard");
        guards.put(name, guard);
    }

    /** The power of the host was cut: what its daemon and guard had written to a RAM disk is gone. */
    public void onPowerCut(String name) {
        GuardProcess guard = guards.remove(name);
        if (guard != null) {
            guard.close();
            guard.awaitEnd();
        }
        for (String file : VOLATILE) {
            try {
                Files.deleteIfExists(directory(cluster.host(name)).resolve(file));
            } catch (IOException e) {
                throw new ClusterException("the RAM disk of " + name + " cannot be emptied: " + e.getMessage(), e);
            }
        }
    }

    @Override
    public void close() {
        guards.values().forEach(GuardProcess::close);
        guards.clear();
    }
}

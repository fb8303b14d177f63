package io.vmha.testcluster.bmc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collection;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The power of hosts that are processes of this machine. Power off kills every recorded process of the host with all that it started,
 * takes the host out of the simulated cloud, and returns when all is dead; a process that got the number of a dead one is never killed.
 */
public final class HostPower {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");

    private final Path directory;
    private final Path hook;

    private HostPower(Path directory, Path hook) {
        this.directory = directory;
        this.hook = hook;
    }

    /**
     * Prepares a directory for hosts that are all on.
     *
     * @param directory is created if it is missing
     * @param cloud where the control endpoint of the simulated cloud listens; without it power off ends the processes only
     */
    public static HostPower install(Path directory, Collection<String> hosts, Optional<InetSocketAddress> cloud) {
        try {
            Files.createDirectories(directory);
            for (String host : hosts) {
                Files.createDirectories(directory.resolve("hosts").resolve(checked(host)));
            }
            if (cloud.isPresent()) {
                String where = cloud.get().getAddress().getHostAddress() + " "
                        + cloud.get().getPort() + "\n";
                Files.writeString(directory.resolve("cloud"), where);
            }
            return new HostPower(directory, Script.copy("host-power", directory));
        } catch (IOException e) {
            throw new UncheckedIOException("the directory " + directory + " cannot be prepared: " + e.getMessage(), e);
        }
    }

    static String checked(String name) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "a host or process is named by 1 to 63 letters, digits, '.', '_' and '-' but found '" + name + "'");
        }
        return name;
    }

    /** The program that a BMC calls: {@code on|off|reset|state HOST}. */
    public Path hook() {
        return hook;
    }

    /** From now on power off of the host ends this process. Its session should be its own ({@code setsid}), so that all it starts is found. */
    public void add(String host, ProcessHandle process, String name) {
        Path file = hostDirectory(host).resolve(checked(name) + ".pid");
        Path draft = file.resolveSibling(name + ".draft");
        try {
            Files.writeString(draft, process.pid() + " " + startOf(process.pid()) + "\n");
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "process " + name + " of " + host + " cannot be recorded: " + e.getMessage(), e);
        }
    }

    /** True if the host's power is on, as its BMC says if it does not lie. */
    public boolean isOn(String host) {
        return !Files.exists(hostDirectory(host).resolve("off"));
    }

    private Path hostDirectory(String host) {
        Path hostDirectory = directory.resolve("hosts").resolve(checked(host));
        if (!Files.isDirectory(hostDirectory)) {
            throw new IllegalArgumentException("no host " + host + " was installed in " + directory);
        }
        return hostDirectory;
    }

    /** Field 22 of {@code /proc/PID/stat}, in clock ticks since boot: with the pid it names a process for good. */
    private static String startOf(long pid) throws IOException {
        String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"), StandardCharsets.ISO_8859_1);
        return stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[19];
    }
}

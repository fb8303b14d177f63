package io.vmha.testcluster.cluster;

import io.vmha.testcluster.KeptLogs;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/** A real OpenStack from Debian's packages, brought up and down by the scripts in {@code test-cluster/openstack}. */
public final class OpenStackBackend implements CloudBackend {
    /** With which the scripts begin their lines; the demonstration has a clock of its own. */
    private static final Pattern OWN_CLOCK = Pattern.compile("^ *[0-9.]+s  ");

    private static final int FORGET_LIMIT_S = 180;
    private static final int FORGET_AGAIN_S = 20;
    private static final int SAID_LINES = 20;

    private final Path scripts;
    private final Path state;
    private final Consumer<String> tell;
    private final Map<String, String> settings;
    private final Map<String, String> openrc = new LinkedHashMap<>();
    private final boolean kept;
    private Optional<Path> logsGoTo = Optional.empty();
    private int hostCount;

    /**
     * @param scripts the directory of the scripts
     * @param state where the cloud keeps its files
     * @param tell hears of the progress
     */
    public OpenStackBackend(Path scripts, Path state, Consumer<String> tell) {
        this(scripts, state, tell, Map.of());
    }

    /**
     * @param state where the cloud keeps its files, unless the system property {@code vmha.openstack} names a cloud that is up already: that one
     *     is used, emptied, and goes on when this is closed. For those who repeat runs.
     * @param settings of the scripts, as in {@code lib/common.sh}
     */
    public OpenStackBackend(Path scripts, Path state, Consumer<String> tell, Map<String, String> settings) {
        String running = System.getProperty("vmha.openstack", "");
        this.kept = !running.isEmpty();
        this.settings = Map.copyOf(settings);
        this.scripts = scripts;
        this.state = kept ? Path.of(running) : state;
        this.tell = tell;
    }

    /** Where the ends of the cloud's logs go if it is taken down over a failure; else nothing is left of them. */
    public OpenStackBackend keepingLogs(Path directory) {
        logsGoTo = Optional.of(directory);
        return this;
    }

    @Override
    public void onFailure() {
        logsGoTo.ifPresent(place -> KeptLogs.copy(state.resolve("log"), place));
    }

    Path script(String name) {
        return scripts.resolve(name).toAbsolutePath();
    }

    @Override
    public void start(List<String> hosts, String az, int vmsPerHost) {
        hostCount = hosts.size();
        if (kept) {
            hosts.forEach(host -> {
                knob(host, "spawn_delay", "");
                run(true, "power", "on", host);
                run(true, "compute-restart", host); // it takes note of what was evacuated from it
            });
        }
        up();
        readOpenrc();
        if (kept) {
            forgetLastRun(hosts, az);
        }
        run(true, "seed", "--per-host", Integer.toString(vmsPerHost), "--az", az);
    }

    /** A service of Nova that did not come up on a busy machine gets a second chance: {@code up} starts what is missing. */
    private void up() {
        String count = Integer.toString(hostCount);
        try {
            run(true, "up", count);
        } catch (ClusterException first) {
            tell.accept("not all of the cloud came up, starting what is missing: " + first.getMessage());
            run(true, "up", count);
        }
    }

    /** What an earlier run on this cloud has left: servers, hosts held down, and the name of its group in the aggregate. */
    private void forgetLastRun(List<String> hosts, String az) {
        var nova = new NovaClient(this);
        long until = System.nanoTime() + FORGET_LIMIT_S * 1_000_000_000L;
        long restartAt = System.nanoTime() + FORGET_AGAIN_S * 1_000_000_000L;
        var held = new ArrayList<>(hosts);
        held.removeIf(nova::forceUp);
        while (!held.isEmpty()) {
            if (System.nanoTime() > until) {
                throw new ClusterException("Nova does not take " + held + " of the cloud in " + state
                        + " back: start a new one with the script up");
            }
            if (System.nanoTime() > restartAt) {
                // each start completes one evacuation of each server
                held.forEach(host -> run(true, "compute-restart", host));
                restartAt = System.nanoTime() + FORGET_AGAIN_S * 1_000_000_000L;
            }
            Cluster.pause();
            held.removeIf(nova::forceUp);
        }
        new NovaWorkshop(nova).deleteAll();
        nova.forgetMetadata(az);
    }

    private void readOpenrc() {
        try {
            for (String line : Files.readAllLines(state.resolve("openrc"))) {
                String text = line.strip().replaceFirst("^export +", "");
                for (String setting : text.split(" +", -1)) {
                    int equals = setting.indexOf('=');
                    if (equals > 0) {
                        openrc.put(
                                setting.substring(0, equals),
                                setting.substring(equals + 1).replaceAll("^['\"]|['\"]$", ""));
                    }
                }
            }
        } catch (IOException e) {
            throw new ClusterException("the cloud came up without an openrc: " + e.getMessage(), e);
        }
    }

    /** Starts whatever has died of the cloud's services. */
    public void restart() {
        run(true, "up", Integer.toString(hostCount));
    }

    /** SIGKILL to one of the cloud's services, such as {@code nova-api}, and all its processes. */
    public void kill(String service) {
        run(true, "service-kill", service);
    }

    /** Every token is refused from now on; what remembered them has died with it. */
    public void voidTokens() {
        run(true, "void-tokens");
    }

    /** nova-compute of a host dies, its guests go on. */
    public void killAgent(String host) {
        run(true, "compute-kill", "--agent", host);
    }

    /** A host gets a new nova-compute; what ran before is killed, the guests go on. */
    public void restartCompute(String host) {
        run(true, "compute-restart", host);
    }

    /** A fault inside a host's driver, such as {@code spawn_delay}; an empty value ends it. */
    public void knob(String host, String name, String value) {
        Path file = state.resolve("hosts").resolve(host).resolve(name);
        try {
            if (value.isEmpty()) {
                Files.deleteIfExists(file);
            } else {
                Files.writeString(file, value + "\n");
            }
        } catch (IOException e) {
            throw new ClusterException("cannot set " + name + " of " + host + ": " + e.getMessage(), e);
        }
    }

    /** The directory of the pid files of a host's guests. */
    public Path guestsOf(String host) {
        return state.resolve("hosts").resolve(host).resolve("guests").toAbsolutePath();
    }

    /** The command that gives a host a new nova-compute. */
    public List<String> restartComputeCommand(String host) {
        return List.of(
                "env",
                "VMHA_OPENSTACK=" + state.toAbsolutePath(),
                script("compute-restart").toString(),
                host);
    }

    @Override
    public URI authUrl() {
        return URI.create(openrc.get("OS_AUTH_URL"));
    }

    @Override
    public String username() {
        return openrc.get("OS_USERNAME");
    }

    @Override
    public String password() {
        return openrc.get("OS_PASSWORD");
    }

    @Override
    public String project() {
        return openrc.get("OS_PROJECT_NAME");
    }

    @Override
    public Optional<InetSocketAddress> powerEndpoint() {
        return Optional.empty();
    }

    @Override
    public String powerCommand() {
        return "VMHA_OPENSTACK=" + PowerHook.quoted(state) + " " + PowerHook.quoted(script("power")) + " \"$1\" \"$2\"";
    }

    @Override
    public List<String> runningTwice() {
        return guests().entrySet().stream()
                .filter(guest -> guest.getValue().size() > 1)
                .map(guest -> guest.getKey() + " runs on " + guest.getValue())
                .toList();
    }

    @Override
    public Map<String, List<String>> guests() {
        var hosts = new LinkedHashMap<String, List<String>>();
        run(false, "guests")
                .lines()
                .map(line -> line.strip().split(" +", -1))
                .filter(words -> words.length >= 2)
                .forEach(words -> hosts.computeIfAbsent(words[0], uuid -> new ArrayList<>())
                        .add(words[1]));
        return hosts;
    }

    @Override
    public String describe() {
        return "real OpenStack (Keystone, Glance, Placement, Neutron, Nova of Debian 12) at " + authUrl();
    }

    /** Runs one of the scripts; its standard output comes back, its progress goes to the screen if wanted. */
    private String run(boolean progress, String name, String... arguments) {
        var command = new ArrayList<String>();
        command.add(script(name).toString());
        command.addAll(List.of(arguments));
        try {
            var builder = new ProcessBuilder(command).redirectErrorStream(progress);
            if (!progress) {
                builder.redirectError(ProcessBuilder.Redirect.DISCARD);
            }
            builder.environment().putAll(settings);
            builder.environment().put("VMHA_OPENSTACK", state.toString());
            Process process = builder.start();
            var output = new StringBuilder();
            var said = new ArrayDeque<String>();
            try (var lines = process.inputReader()) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    output.append(line).append('\n');
                    said.add(line);
                    if (said.size() > SAID_LINES) {
                        said.remove();
                    }
                    if (progress) {
                        tell.accept(OWN_CLOCK.matcher(line).replaceFirst(""));
                    }
                }
            }
            int status = process.waitFor();
            if (status != 0 && progress) {
                throw new ClusterException(
                        name + " failed with status " + status + "; its logs are in " + state.resolve("log")
                                + logsGoTo.map(place -> ", and if it is taken down, in " + place)
                                        .orElse("")
                                + "; it said last:\n" + String.join("\n", said));
            }
            return output.toString();
        } catch (IOException e) {
            throw new ClusterException("cannot run " + script(name) + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClusterException("interrupted", e);
        }
    }

    @Override
    public void close() {
        if (Files.exists(state) && !kept) {
            run(true, "down");
        }
    }
}

package io.vmha.testcluster.cloud;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmha.testcluster.cloud.CloudSettings.Delay;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The simulated cloud as a process of its own. */
@Command(
        name = "cloud",
        mixinStandardHelpOptions = true,
        description = "A simulated Keystone v3 and Nova (as OpenStack Zed answers) with simulated hosts and guests.")
public final class CloudMain implements Callable<Integer> {
    private static final int VMS_MAX = 10_000;

    @Option(names = "--address", defaultValue = "127.0.0.1", description = "Where to listen. Default: ${DEFAULT-VALUE}")
    private String address = "";

    @Option(names = "--port", defaultValue = "0", description = "0 means any free one; the state file says which.")
    private int port;

    @Option(names = "--hosts", required = true, split = ",", description = "The hypervisors, such as hv-1,hv-2,hv-3")
    private List<String> hosts = List.of();

    @Option(
            names = "--az",
            defaultValue = "az1",
            description = "The zone, and its only aggregate. Default: ${DEFAULT-VALUE}")
    private String zone = "";

    @Option(names = "--vms-per-host", defaultValue = "2", description = "Default: ${DEFAULT-VALUE}")
    private int vmsPerHost;

    @Option(names = "--spawn-delay-ms", defaultValue = "2000", description = "Default: ${DEFAULT-VALUE}")
    private long spawnDelayMs;

    @Option(
            names = "--password",
            defaultValue = "vmha-secret",
            description = "Of user admin, project admin, domain Default. Default: ${DEFAULT-VALUE}")
    private String password = "";

    @Option(
            names = "--state-file",
            required = true,
            description = "Written when the cloud is ready: its URLs, its process id and its servers, as JSON.")
    private Path stateFile = Path.of("");

    @Option(
            names = "--until-stdin-ends",
            description = "Exit when standard input is closed, so that nothing is left behind when the parent dies.")
    private boolean untilStdinEnds;

    /** Runs until it is told to end, with exit code 0; 78 if the options contradict each other. */
    public static void main(String[] args) {
        System.exit(new CommandLine(new CloudMain()).execute(args));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (vmsPerHost < 0 || (long) vmsPerHost * hosts.size() > VMS_MAX) {
            System.err.printf(
                    Locale.ROOT,
                    "--vms-per-host must give 0 to %d servers in all but gives %d on each of %d hosts%n",
                    VMS_MAX,
                    vmsPerHost,
                    hosts.size());
            return 78;
        }
        CloudSettings settings =
                CloudSettings.defaults().withPassword(password).with(Delay.SPAWN, Duration.ofMillis(spawnDelayMs));
        try (SimulatedCloud cloud = SimulatedCloud.start(new InetSocketAddress(address, port), settings)) {
            fill(cloud);
            writeState(cloud);
            System.out.println("cloud ready auth_url=" + cloud.authUrl());
            if (untilStdinEnds) {
                System.in.transferTo(OutputStream.nullOutputStream()); // only its end matters
            } else {
                new CountDownLatch(1).await();
            }
        } catch (IllegalStateException | IllegalArgumentException e) {
            System.err.println(e.getMessage());
            return 78;
        }
        return 0;
    }

    private void fill(SimulatedCloud cloud) {
        hosts.forEach(cloud::addHost);
        cloud.addZone(zone, hosts);
        int number = 0;
        for (String host : hosts) {
            for (int i = 0; i < vmsPerHost; i++) {
                number++;
                cloud.addServer(ServerSpec.named(String.format(Locale.ROOT, "vm-%02d", number))
                        .on(host));
            }
        }
    }

    /** In one step, so that a reader finds all of it or nothing. */
    private void writeState(SimulatedCloud cloud) {
        ObjectNode state = Json.object().put("pid", ProcessHandle.current().pid());
        state.put("auth_url", cloud.authUrl().toString())
                .put("compute_url", cloud.computeUrl().toString());
        state.put("control_url", cloud.base() + "/_sim").put("az", zone);
        ArrayNode names = state.putArray("hosts");
        hosts.forEach(names::add);
        state.set("servers", cloud.look(ControlFront::servers).path("servers"));
        Path draft = stateFile.resolveSibling(stateFile.getFileName() + ".draft");
        try {
            Files.write(draft, Json.write(state));
            Files.move(draft, stateFile, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException("the state file " + stateFile + " cannot be written: " + e.getMessage(), e);
        }
    }
}

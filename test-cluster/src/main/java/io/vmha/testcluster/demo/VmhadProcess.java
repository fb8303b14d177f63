package io.vmha.testcluster.demo;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** One real vmhad, in a session of its own, with the configuration that a person would write. */
final class VmhadProcess {
    /** The flags that the package starts the daemon with. */
    private static final List<String> JVM = List.of(
            "-Xms16m",
            "-Xmx96m",
            "-Xss512k",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:ReservedCodeCacheSize=32m",
            "-XX:MaxDirectMemorySize=48m",
            "-XX:ActiveProcessorCount=2",
            "-Djava.awt.headless=true");

    private final DemoHost host;
    private final Process process;

    private VmhadProcess(DemoHost host, Process process) {
        this.host = host;
        this.process = process;
    }

    /** Writes the configuration and starts the daemon. It ends when this JVM ends, however that happens. */
    static VmhadProcess start(DemoHost host, List<DemoHost> all, CloudBackend cloud, String gossipKey) {
        try {
            Files.createDirectories(host.directory());
            Path configuration = host.directory().resolve("vmhad.yaml");
            Files.writeString(configuration, configuration(host, all, cloud, gossipKey), StandardCharsets.UTF_8);
            Files.setPosixFilePermissions(configuration, PosixFilePermissions.fromString("rw-------"));
            var command = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL", "setsid"));
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            command.addAll(JVM);
            command.addAll(List.of("-cp", System.getProperty("java.class.path"), "io.vmha.node.Main"));
            command.addAll(List.of("--config", configuration.toString()));
            Path log = host.directory().resolve("vmhad.log");
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                    .start();
            process.getOutputStream().close();
            return new VmhadProcess(host, process);
        } catch (IOException e) {
            throw new DemoException("vmhad of " + host.name() + " cannot be started: " + e.getMessage(), e);
        }
    }

    DemoHost host() {
        return host;
    }

    ProcessHandle handle() {
        return process.toHandle();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    Path log() {
        return host.directory().resolve("vmhad.log");
    }

    void kill() {
        process.destroyForcibly();
    }

    private static String configuration(DemoHost host, List<DemoHost> all, CloudBackend cloud, String gossipKey) {
        var text = new StringBuilder(String.format(
                Locale.ROOT, """
                host: %1$s
                cluster_ip: %2$s
                allow_loopback_cluster_ip: true
                data_dir: %3$s
                http:
                  address: %2$s
                rpc:
                  address: %2$s
                gossip:
                  keys: ["%4$s"]
                  retry_join:
                """, host.name(), host.address(), host.directory().resolve("data"), gossipKey));
        all.stream()
                .limit(3)
                .forEach(h -> text.append("    - ").append(h.address()).append(":8301\n"));
        text.append(
                String.format(Locale.ROOT, """
                openstack:
                  auth_url: %s
                  username: %s
                  password: "%s"
                  project: %s
                recovery:
                  instances_shared: true
                fencing:
                  defaults:
                    agent: fence_ipmilan
                    username: admin
                    password: demo-bmc
                    options:
                      lanplus: true
                      cipher: 3
                      power_wait: 1
                  hosts:
                """, cloud.authUrl(), cloud.username(), cloud.password(), cloud.project()));
        for (DemoHost h : all) {
            text.append("    ").append(h.name()).append(":\n");
            text.append("      address: ").append(h.bmcAddress()).append('\n');
            text.append("      identity: \"").append(h.bmcGuid()).append("\"\n");
        }
        return text.toString();
    }
}

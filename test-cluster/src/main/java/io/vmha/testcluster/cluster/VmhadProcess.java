package io.vmha.testcluster.cluster;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** One real vmhad, in a session of its own, with a configuration that a person could have written. */
public final class VmhadProcess {
    /** The flags that the package starts the daemon with. */
    public static final List<String> JVM = List.of(
            "-Xms16m",
            "-Xmx96m",
            "-Xss512k",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:ReservedCodeCacheSize=32m",
            "-XX:MaxDirectMemorySize=48m",
            "-XX:ActiveProcessorCount=2",
            "-Djava.awt.headless=true");

    /** A daemon that is asked to end hands its leadership over first; on a busy machine each of its steps takes long. */
    private static final int END_LIMIT_S = 90;

    private final ClusterHost host;
    private final Process process;

    private VmhadProcess(ClusterHost host, Process process) {
        this.host = host;
        this.process = process;
    }

    /**
     * Writes the configuration and starts the daemon. It ends when this JVM ends, however that happens, and when the calling thread ends:
     * the kernel ties it to that.
     */
    public static VmhadProcess start(ClusterHost host, VmhadSettings settings) {
        return start(host, settings, List.of());
    }

    /** @param within a command that runs the daemon's, such as {@code nsenter} */
    static VmhadProcess start(ClusterHost host, VmhadSettings settings, List<String> within) {
        try {
            Path configuration = write(host, settings);
            if (!Files.exists(bootId(host))) {
                Files.writeString(bootId(host), UUID.randomUUID() + "\n", StandardCharsets.UTF_8);
            }
            Process process = new ProcessBuilder(command(configuration, within))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log(host).toFile()))
                    .start();
            process.getOutputStream().close();
            return new VmhadProcess(host, process);
        } catch (IOException e) {
            throw new ClusterException("vmhad of " + host.name() + " cannot be started: " + e.getMessage(), e);
        }
    }

    /** Writes the configuration file, readable by its owner only. */
    static Path write(ClusterHost host, VmhadSettings settings) throws IOException {
        Files.createDirectories(host.directory());
        Path configuration = host.directory().resolve("vmhad.yaml");
        Files.writeString(configuration, settings.yaml(), StandardCharsets.UTF_8);
        Files.setPosixFilePermissions(configuration, PosixFilePermissions.fromString("rw-------"));
        return configuration;
    }

    /** The flags that the package starts the daemon's JVM with. */
    public static List<String> jvm() {
        return JVM;
    }

    /** The command that runs a daemon with this configuration. */
    static List<String> command(Path configuration) {
        return command(configuration, List.of());
    }

    private static List<String> command(Path configuration, List<String> within) {
        var command = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL", "setsid"));
        command.addAll(within);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(JVM);
        command.add(
                "-Dlogback.configurationFile=logback.xml"); // as it logs in production: a test may bring another one
        command.add("-Dvmha.boot_id_file=" + configuration.resolveSibling("boot_id"));
        command.addAll(archive());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "io.vmha.node.Main"));
        command.addAll(List.of("--config", configuration.toString()));
        return command;
    }

    /** The kernel of this machine starts once, those of its hosts each for itself. */
    private static Path bootId(ClusterHost host) {
        return host.directory().resolve("boot_id");
    }

    /** The host's next daemon runs on another start of its kernel. */
    static void reboot(ClusterHost host) {
        try {
            Files.deleteIfExists(bootId(host));
        } catch (IOException e) {
            throw new ClusterException("the boot id of " + host.name() + " cannot be removed: " + e.getMessage(), e);
        }
    }

    /** The archive of classes that the demonstration's script has made, as the package's installation makes one. */
    public static List<String> archive() {
        String file = System.getProperty("vmha.archive", "");
        return file.isEmpty()
                ? List.of()
                : List.of("-XX:SharedArchiveFile=" + file, "-Xlog:cds=off", "-Xlog:cds+dynamic=off");
    }

    static Path log(ClusterHost host) {
        return host.directory().resolve("vmhad.log");
    }

    ClusterHost host() {
        return host;
    }

    ProcessHandle handle() {
        return process.toHandle();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Asks it to end; returns when it has. */
    void stop() {
        process.destroy();
        awaitEnd("a request to end");
    }

    /** {@code kill -9}; returns when it is dead. */
    void kill() {
        process.destroyForcibly();
        awaitEnd("kill -9");
    }

    private void awaitEnd(String asked) {
        try {
            if (!process.waitFor(END_LIMIT_S, TimeUnit.SECONDS)) {
                throw new ClusterException("vmhad of " + host.name() + " outlives " + asked + ", pid " + process.pid());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Sends a signal by its name, such as STOP. */
    void signal(String name) {
        try {
            int status = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                    .inheritIO()
                    .start()
                    .waitFor();
            if (status != 0) {
                throw new ClusterException(
                        "vmhad of " + host.name() + " cannot be sent " + name + ": status " + status);
            }
        } catch (IOException e) {
            throw new ClusterException("kill cannot be run: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

package io.vmha.testcluster.bmc;

import io.vmha.testcluster.bmc.SimulatedBmcs.Credentials;
import io.vmha.testcluster.bmc.SimulatedBmcs.Fault;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** One {@code ipmi_sim} with its directory and the guard that ends it when this JVM is gone. */
final class BmcProcess {
    /** RMCP with an ASF presence ping: DMTF DSP0136, section 3.2.4.2. */
    private static final byte[] PRESENCE_PING = {
        0x06, 0x00, (byte) 0xff, 0x06, 0x00, 0x00, 0x11, (byte) 0xbe, (byte) 0x80, 0x01, 0x00, 0x00
    };

    private static final int PINGS_MAX = 100;
    private static final int PING_WAIT_MS = 100;

    private final Path directory;
    private final BmcSpec spec;
    private final Process guard;
    private final BufferedReader echoes;

    private BmcProcess(Path directory, BmcSpec spec, Process guard) {
        this.directory = directory;
        this.spec = spec;
        this.guard = guard;
        this.echoes = guard.inputReader(StandardCharsets.UTF_8);
    }

    static BmcProcess start(Path directory, Credentials credentials, BmcSpec spec, Path hook) throws IOException {
        if (!Files.isExecutable(hook)) {
            throw new IllegalStateException(
                    "the hook " + hook + " of the BMC of " + spec.host() + " is not executable");
        }
        Files.createDirectories(directory.resolve("state"));
        Path chassis = Script.copy("chassis", directory);
        Path guardScript = Script.copy("guard", directory);
        Path configuration = directory.resolve("lan.conf");
        Files.writeString(configuration, configuration(credentials, spec, chassis));
        Files.setPosixFilePermissions(configuration, PosixFilePermissions.fromString("rw-------"));
        Files.writeString(directory.resolve("sim.cmd"), """
                mc_setbmc 0x20
                mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02
                sel_enable 0x20 1000 0x0a
                mc_enable 0x20
                """);
        Files.writeString(directory.resolve("host"), spec.host() + "\n");
        Files.writeString(directory.resolve("hook"), hook.toAbsolutePath() + "\n");
        writeFault(directory, Fault.NONE, Duration.ZERO);
        // its own session, so that one kill reaches ipmi_sim and every hook it waits for
        Process guard = new ProcessBuilder(
                        "setsid",
                        guardScript.toString(),
                        directory.toAbsolutePath().toString())
                .redirectError(directory.resolve("guard.log").toFile())
                .start();
        return new BmcProcess(directory, spec, guard);
    }

    private static String configuration(Credentials credentials, BmcSpec spec, Path chassis) {
        return String.format(
                Locale.ROOT,
                """
                name "bmc-%s"
                set_working_mc 0x20
                startlan 1
                  addr %s %d
                  priv_limit admin
                  allowed_auths_callback none md2 md5 straight
                  allowed_auths_user none md2 md5 straight
                  allowed_auths_operator none md2 md5 straight
                  allowed_auths_admin none md2 md5 straight
                  guid %s
                endlan
                chassis_control "%s"
                user 2 true "%s" "%s" admin 10
                """,
                spec.host(),
                spec.address().getAddress().getHostAddress(),
                spec.address().getPort(),
                spec.guid(),
                chassis,
                credentials.user(),
                credentials.password());
    }

    BmcSpec spec() {
        return spec;
    }

    Path directory() {
        return directory;
    }

    void fault(Fault fault, Duration time) {
        try {
            Files.deleteIfExists(directory.resolve("lied"));
            writeFault(directory, fault, time);
        } catch (IOException e) {
            throw new UncheckedIOException("the fault of the BMC of " + spec.host() + " cannot be set", e);
        }
    }

    private static void writeFault(Path directory, Fault fault, Duration time) throws IOException {
        Path draft = directory.resolve("fault.draft");
        String seconds = String.format(Locale.ROOT, "%.3f", time.toMillis() / 1000.0);
        Files.writeString(draft, fault.name().toLowerCase(Locale.ROOT) + " " + seconds + "\n");
        Files.move(
                draft, directory.resolve("fault"), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Gives the guard an order, and returns when it is carried out. */
    void order(String order) {
        try {
            Writer orders = guard.outputWriter(StandardCharsets.UTF_8);
            orders.write(order + "\n");
            orders.flush();
            String echo = echoes.readLine();
            if (!order.equals(echo)) {
                throw new IllegalStateException(
                        "the guard of the BMC of " + spec.host() + " was told " + order + " but said " + echo);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the guard of the BMC of " + spec.host() + " is gone", e);
        }
    }

    /** Returns when it answers on the network; asks for ten seconds. */
    void awaitAnswer() {
        InetAddress address = spec.address().getAddress();
        try (DatagramSocket socket = new DatagramSocket(0, address)) {
            socket.setSoTimeout(PING_WAIT_MS);
            for (int i = 0; i < PINGS_MAX && guard.isAlive(); i++) {
                socket.send(new DatagramPacket(PRESENCE_PING, PRESENCE_PING.length, spec.address()));
                if (hears(socket)) {
                    return;
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the BMC of " + spec.host() + " cannot be asked at " + spec.address(), e);
        }
        throw new IllegalStateException("the BMC of " + spec.host() + " does not answer at " + spec.address()
                + "; is ipmi_sim (package openipmi) installed? Its log ends: " + lastWords());
    }

    private static boolean hears(DatagramSocket socket) throws IOException {
        try {
            socket.receive(new DatagramPacket(new byte[64], 64));
            return true;
        } catch (SocketTimeoutException e) {
            return false; // not yet
        }
    }

    private String lastWords() {
        try {
            Path log = directory.resolve("sim.log");
            List<String> lines = Files.exists(log) ? Files.readAllLines(log) : List.of("(no log)");
            return String.join(" | ", lines.subList(Math.max(0, lines.size() - 3), lines.size()));
        } catch (IOException e) {
            return "(cannot be read: " + e.getMessage() + ")";
        }
    }

    /** Closes the guard's standard input, at which it kills its process group, and waits for its end. */
    void end() {
        try {
            guard.getOutputStream().close();
            if (!guard.waitFor(10, TimeUnit.SECONDS)) {
                throw new IllegalStateException(
                        "the guard of the BMC of " + spec.host() + " does not end, pid " + guard.pid());
            }
            echoes.close();
        } catch (IOException e) {
            throw new UncheckedIOException("the guard of the BMC of " + spec.host() + " cannot be told to end", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            guard.destroyForcibly();
        }
    }
}

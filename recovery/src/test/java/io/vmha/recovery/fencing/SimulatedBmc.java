package io.vmha.recovery.fencing;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;

/** OpenIPMI's {@code ipmi_sim}: a BMC that speaks real IPMI 2.0 over the network, in charge of a chassis that is one file: there means on. */
final class SimulatedBmc implements AutoCloseable {
    static final String GUID = "0102030405060708090a0b0c0d0e0f10";
    private static final String CHASSIS = """
            #!/bin/sh
            # called as: get power | set power 0|1 | set reset 1
            cd DIR
            case "$1 $2 $3" in
            "get power "*) [ -e on ] && echo power:1 || echo power:0 ;;
            "get "*) echo "$2:0" ;;
            "set power 1") touch on ;;
            "set power 0")
              [ -e deny ] && exit 1
              [ -e slow ] && sleep "$(cat slow)"
              [ -e lie ] || rm -f on ;;
            esac
            """;
    private static final String LAN = """
            name "bmc"
            set_working_mc 0x20
            startlan 1
              addr 127.0.0.1 PORT
              priv_limit admin
              allowed_auths_callback none md2 md5 straight
              allowed_auths_user none md2 md5 straight
              allowed_auths_operator none md2 md5 straight
              allowed_auths_admin none md2 md5 straight
              guid GUID
            endlan
            chassis_control "DIR/chassis"
            user 2 true "admin" "PASSWORD" admin 10
            """;
    private static final String COMMANDS = """
            mc_setbmc 0x20
            mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02
            sel_enable 0x20 1000 0x0a
            mc_enable 0x20
            """;

    private final Path directory;
    private final int port;
    private final Process process;

    static boolean isInstalled() {
        return Files.isExecutable(Path.of("/usr/bin/ipmi_sim"))
                && Files.isExecutable(Path.of("/usr/sbin/fence_ipmilan"))
                && Files.isExecutable(Path.of("/usr/bin/ipmitool"));
    }

    SimulatedBmc(Path directory, String password) throws IOException {
        this.directory = directory;
        port = freeUdpPort();
        var chassis = write("chassis", CHASSIS);
        Files.setPosixFilePermissions(chassis, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.createDirectories(directory.resolve("state"));
        Files.createFile(directory.resolve("on"));
        process = new ProcessBuilder(
                        "ipmi_sim",
                        "-n",
                        "-c",
                        write("lan.conf", LAN.replace("PASSWORD", password)).toString(),
                        "-f",
                        write("commands", COMMANDS).toString(),
                        "-s",
                        directory.resolve("state").toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("log").toFile())
                .start();
    }

    private Path write(String name, String text) throws IOException {
        return Files.writeString(
                directory.resolve(name),
                text.replace("DIR", directory.toString())
                        .replace("PORT", String.valueOf(port))
                        .replace("GUID", GUID));
    }

    /** ipmi_sim cannot choose a port itself; another process could take it in between, which this test would report as unplugged. */
    private static int freeUdpPort() throws IOException {
        try (var socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    int port() {
        return port;
    }

    /** Makes the chassis misbehave: {@code deny}, {@code lie} or {@code slow} with seconds. */
    void fault(String name, String value) throws IOException {
        Files.writeString(directory.resolve(name), value);
    }

    boolean isOn() {
        return Files.exists(directory.resolve("on"));
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

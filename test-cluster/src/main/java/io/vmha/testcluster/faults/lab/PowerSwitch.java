package io.vmha.testcluster.faults.lab;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Brings what the simulated BMCs are told to do to the one who has the power. */
final class PowerSwitch implements AutoCloseable {
    /** Who has the power. */
    interface Mains {
        void off(String host);

        void on(String host);

        boolean isOn(String host);
    }

    private final ServerSocket socket;
    private final Mains mains;
    private final Path hook;

    PowerSwitch(Path directory, Mains mains) throws IOException {
        this.socket = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
        this.mains = mains;
        this.hook = directory.resolve("power-hook");
        Files.writeString(
                hook,
                "#!/bin/bash\n"
                        + "# on|off|reset|state HOST\n"
                        + "exec 3<>/dev/tcp/127.0.0.1/" + socket.getLocalPort() + " || exit 1\n"
                        + "echo \"$1 $2\" >&3\n"
                        + "read -r -t 60 answer <&3 || exit"
                        + " 1\n"
                        + "case $answer in 0|1) echo"
                        + " \"$answer\" ;; done) ;; *) echo"
                        + " \"$answer\" >&2; exit 1 ;;"
                        + " esac\n");
        Files.setPosixFilePermissions(hook, PosixFilePermissions.fromString("rwx------"));
        GuestBus.daemon(this::accept, "power").start();
    }

    /** The program that a BMC calls. */
    Path hook() {
        return hook;
    }

    private void accept() {
        while (!socket.isClosed()) {
            try {
                Socket caller = socket.accept();
                GuestBus.daemon(() -> serve(caller), "power-call").start();
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    private void serve(Socket caller) {
        try (caller;
                var in = new BufferedReader(new InputStreamReader(caller.getInputStream(), StandardCharsets.UTF_8))) {
            String[] words = String.valueOf(in.readLine()).split(" ", -1);
            caller.getOutputStream()
                    .write((answer(words[0], words.length > 1 ? words[1] : "") + "\n")
                            .getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            // the BMC was unplugged meanwhile
        }
    }

    private String answer(String what, String host) {
        try {
            switch (what) {
                case "state" -> {
                    return mains.isOn(host) ? "1" : "0";
                }
                case "off" -> mains.off(host);
                case "on" -> mains.on(host);
                case "reset" -> {
                    mains.off(host);
                    mains.on(host);
                }
                default -> {
                    return "expected on, off, reset or state but found " + what;
                }
            }
            return "done";
        } catch (LabException e) {
            return String.valueOf(e.getMessage()).replace('\n', ' ');
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}

package io.vmha.node.config;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the configuration must know of the machine it is read on. */
interface Machine {
    /** The kernel's host name; {@code localhost} if it has none. */
    String hostName();

    /** True if one of this machine's interfaces has the address. */
    boolean hasAddress(InetAddress address);

    /** The machine that this process runs on. */
    static Machine here() {
        return new Machine() {
            @Override
            public String hostName() {
                try {
                    return Files.readString(Path.of("/proc/sys/kernel/hostname"))
                            .strip();
                } catch (IOException e) {
                    try {
                        return InetAddress.getLocalHost().getHostName();
                    } catch (UnknownHostException unknown) {
                        return "localhost";
                    }
                }
            }

            @Override
            public boolean hasAddress(InetAddress address) {
                try {
                    // every address of 127.0.0.0/8 is local on Linux though only 127.0.0.1 is listed
                    return address.isLoopbackAddress() || NetworkInterface.getByInetAddress(address) != null;
                } catch (SocketException e) {
                    return false;
                }
            }
        };
    }
}

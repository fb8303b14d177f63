package io.vmha.testcluster.bmc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * One BMC to simulate.
 *
 * @param host whose power it has
 * @param address where it listens, on UDP: loopback, or a private address of a network that was made for it
 * @param guid its identity: 32 hexadecimal digits, in the order in which Get System GUID ({@code raw 0x06 0x37}) gives the bytes
 */
public record BmcSpec(String host, InetSocketAddress address, String guid) {
    private static final Pattern GUID = Pattern.compile("[0-9a-f]{32}");

    public BmcSpec {
        HostPower.checked(host);
        InetAddress ip = address.getAddress();
        if ((!ip.isLoopbackAddress() && !ip.isSiteLocalAddress()) || address.getPort() == 0) {
            throw new IllegalArgumentException(
                    "a simulated BMC listens on a loopback or private address and a port, but found " + address);
        }
        if (!GUID.matcher(guid).matches()) {
            throw new IllegalArgumentException("a GUID has 32 lower-case hexadecimal digits but is '" + guid + "'");
        }
    }

    /** A BMC on a free port of 127.0.0.1; its GUID is made from the number. */
    public static BmcSpec onFreePort(String host, int number) {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        try (DatagramSocket probe = new DatagramSocket(0, loopback)) {
            InetSocketAddress address = new InetSocketAddress(loopback, probe.getLocalPort());
            return new BmcSpec(host, address, String.format(Locale.ROOT, "%032x", 0x1000_0000L + number));
        } catch (IOException e) {
            throw new UncheckedIOException("no free UDP port on " + loopback, e);
        }
    }
}

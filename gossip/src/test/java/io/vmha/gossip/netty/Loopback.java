package io.vmha.gossip.netty;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.SplittableRandom;

/** Random loopback addresses, so that tests running at the same time do not meet. */
final class Loopback {
    private static final SplittableRandom RANDOM =
            new SplittableRandom(System.nanoTime() ^ ProcessHandle.current().pid());

    private Loopback() {}

    static synchronized InetSocketAddress address(int port) {
        byte[] ip = {127, octet(), octet(), octet()};
        try {
            return new InetSocketAddress(InetAddress.getByAddress(ip), port);
        } catch (UnknownHostException impossible) {
            throw new AssertionError(impossible);
        }
    }

    private static byte octet() {
        return (byte) (2 + RANDOM.nextInt(250));
    }
}

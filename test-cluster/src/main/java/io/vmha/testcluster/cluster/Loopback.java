package io.vmha.testcluster.cluster;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/** Loopback addresses: every host of a cluster has one of its own, so that all use the real ports. */
public final class Loopback {
    private static final int GOSSIP_PORT = 8301;
    private static final int NETS = 200;

    private Loopback() {}

    /** Three numbers of loopback addresses that nobody uses, such as {@code 127.77.3}: several clusters can run at a time. */
    public static String freeNet() {
        int first = (int) (ProcessHandle.current().pid() % NETS);
        for (int i = 0; i < NETS; i++) {
            String net = "127.77." + ((first + i) % NETS + 1);
            if (isFree(net + ".1") && isFree(net + ".2")) {
                return net;
            }
        }
        throw new ClusterException("no free loopback network among 127.77.1 to 127.77." + NETS);
    }

    private static boolean isFree(String address) {
        try (var probe = new DatagramSocket(new InetSocketAddress(of(address), GOSSIP_PORT))) {
            return probe.isBound();
        } catch (IOException e) {
            return false; // somebody's
        }
    }

    static InetAddress of(String literal) {
        try {
            return InetAddress.getByName(literal);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(literal + " is no address", e);
        }
    }
}

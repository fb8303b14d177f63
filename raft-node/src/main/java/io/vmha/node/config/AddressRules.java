package io.vmha.node.config;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.regex.Pattern;

/** Which addresses may be bound and announced. Only literal addresses are taken: a name may mean something else tomorrow. */
final class AddressRules {
    private static final Pattern IPV4 = Pattern.compile(
            "(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\\.){3}(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])");
    private static final Pattern IPV6 = Pattern.compile("[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");

    private AddressRules() {}

    /** The address that the text spells; empty if it spells none. Asks no name server. */
    static Optional<InetAddress> literal(String text) {
        if (!IPV4.matcher(text).matches() && !IPV6.matcher(text).matches()) {
            return Optional.empty();
        }
        try {
            return Optional.of(InetAddress.getByName(text));
        } catch (UnknownHostException e) {
            return Optional.empty();
        }
    }

    /**
     * Why the cluster must not live on this address; empty if it may.
     *
     * @param loopbackAllowed for tests and demonstrations on one machine
     */
    static Optional<String> refusal(
            InetAddress address, boolean loopbackAllowed, boolean publicAllowed, Machine machine) {
        String found = address.getHostAddress();
        if (address.isAnyLocalAddress()) {
            return Optional.of("must be one address of this host but is the wildcard " + found);
        }
        if (address.isMulticastAddress()) {
            return Optional.of("must be an address of this host but is the multicast address " + found);
        }
        if (address.isLoopbackAddress()) {
            return loopbackAllowed
                    ? Optional.empty()
                    : Optional.of(
                            "must be an address that the other hosts can reach but is the loopback address " + found
                                    + "; set cluster_ip (allow_loopback_cluster_ip: true is for trials on one machine)");
        }
        if (!isPrivate(address) && !publicAllowed) {
            return Optional.of("must be a private address but " + found
                    + " is public, where strangers could reach the cluster; set cluster_ip to the management network's address,"
                    + " or allow_public_cluster_ip: true");
        }
        return machine.hasAddress(address)
                ? Optional.empty()
                : Optional.of("must be an address of this machine but no interface here has " + found
                        + "; compare with: ip address");
    }

    /** RFC 1918, RFC 6598 (carrier-grade), link-local and RFC 4193 (unique local) addresses. */
    private static boolean isPrivate(InetAddress address) {
        if (address.isSiteLocalAddress() || address.isLinkLocalAddress()) {
            return true;
        }
        byte[] bytes = address.getAddress();
        boolean carrierGrade = bytes.length == 4 && bytes[0] == 100 && (bytes[1] & 0xc0) == 64;
        boolean uniqueLocal = bytes.length == 16 && (bytes[0] & 0xfe) == 0xfc;
        return carrierGrade || uniqueLocal;
    }
}

package io.vmha.node.config;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;

/** Reads {@code gossip.serf_rpc}: the door for the {@code serf} command. Absent means closed. */
final class SerfRpcSection {
    private static final int DEFAULT_PORT = 7373;
    private static final int KEY_LENGTH_MIN = 16;
    private static final String KEY_FILE = "auth_key_file";

    private SerfRpcSection() {}

    static Optional<VmhadConfig.SerfRpc> read(Settings gossip) {
        if (!gossip.has("serf_rpc")) {
            return Optional.empty();
        }
        Settings section = gossip.section("serf_rpc");
        String text = section.text("address").orElse("127.0.0.1");
        Optional<InetAddress> address = AddressRules.literal(text).filter(InetAddress::isLoopbackAddress);
        if (address.isEmpty()) {
            section.problem(
                    "address",
                    "must be a loopback address such as 127.0.0.1, for Serf's RPC is not encrypted, but is '" + text
                            + "'");
        }
        int port = section.integer("port", DEFAULT_PORT, 1, 65535);
        Optional<VmhadConfig.Token> key = section.has(KEY_FILE) ? key(section) : Optional.empty();
        boolean coalesce = section.flag("coalesce_events", false);
        section.refuseUnknownKeys();
        return address.map(found -> new VmhadConfig.SerfRpc(new InetSocketAddress(found, port), key, coalesce));
    }

    private static Optional<VmhadConfig.Token> key(Settings section) {
        List<String> lines = SecretFile.lines(section, KEY_FILE);
        if (lines.isEmpty()) {
            return Optional.empty();
        }
        if (lines.size() > 1 || lines.get(0).length() < KEY_LENGTH_MIN) {
            section.problem(
                    KEY_FILE,
                    "must hold one line of at least " + KEY_LENGTH_MIN
                            + " characters; make one with: openssl rand -hex 32");
            return Optional.empty();
        }
        return Optional.of(new VmhadConfig.Token(lines.get(0)));
    }
}

package io.vmha.node;

import io.netty.util.NetUtil;
import io.vmha.node.config.ConfigException;
import io.vmha.node.config.VmhadConfig;
import io.vmha.node.config.VmhadConfig.HostAndPort;
import io.vmha.node.raft.RaftNodeException;
import io.vmha.node.raft.RaftTls;
import java.io.PrintStream;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** {@code vmhad --check}: reads a configuration as the daemon would, with the files that it names, and says what it comes to. */
final class ConfigCheck {
    private ConfigCheck() {}

    /** True if the daemon would start with this file. */
    static boolean run(String file, PrintStream out, PrintStream err) {
        try {
            VmhadConfig config = VmhadConfig.load(Path.of(file));
            config.raft().tls().ifPresent(tls -> new RaftTls(tls.ca(), tls.cert(), tls.key()).requireUsable());
            out.println(file + " is good");
            fact(
                    out,
                    "host",
                    config.host().value() + ", cluster address "
                            + config.clusterIp().getHostAddress());
            fact(
                    out,
                    "gossip",
                    "port " + config.ports().gossip()
                            + (config.gossip().keys().isEmpty() ? ", not encrypted" : ", encrypted")
                            + ", joins through " + joins(config));
            fact(
                    out,
                    "raft",
                    "port " + config.ports().raft()
                            + (config.raft().tls().isPresent() ? ", mutual TLS" : ", without TLS"));
            fact(
                    out,
                    "doors",
                    "http " + NetUtil.toSocketAddressString(config.http().address()) + ", rpc "
                            + NetUtil.toSocketAddressString(config.rpc().address()));
            fact(out, "openstack", config.openstack().authUrl().toString());
            boolean own = config.fencing().hosts().contains(config.host());
            fact(
                    out,
                    "fencing",
                    config.fencing().hosts().size() + " devices, " + (own ? "one" : "none") + " of them for this host");
            return true;
        } catch (ConfigException | RaftNodeException e) {
            err.println(e.getMessage());
            return false;
        } catch (InvalidPathException e) {
            err.println("'" + file + "' is no file name");
            return false;
        }
    }

    /** What was understood, for a word that was meant otherwise is a host's name as well. */
    private static String joins(VmhadConfig config) {
        List<HostAndPort> through = config.gossip().retryJoin();
        if (through.isEmpty()) {
            return "nobody: others must join through this host";
        }
        String words = through.stream().map(m -> m.host() + ":" + m.port()).collect(Collectors.joining(", "));
        var own = new HostAndPort(
                config.clusterIp().getHostAddress(), config.ports().gossip());
        return words
                + (through.stream().allMatch(own::equals)
                        ? ", which is only this host: add another member to gossip.retry_join"
                        : "");
    }

    private static void fact(PrintStream out, String label, String value) {
        out.println(label + " ".repeat(12 - label.length()) + value);
    }
}

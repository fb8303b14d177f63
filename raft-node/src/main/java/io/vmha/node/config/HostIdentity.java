package io.vmha.node.config;

import io.vmha.recovery.core.HostName;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/** Who this host is: its name and address, from our own keys or, where they are absent, from nova-compute's configuration. */
final class HostIdentity {
    /** What a host may be called. */
    static final Pattern HOST = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,254}");

    private final Settings top;
    private final Machine machine;
    private final Path novaConfFile;
    private final Optional<NovaConf> novaConf;

    HostIdentity(Settings top, Machine machine) {
        this.top = top;
        this.machine = machine;
        this.novaConfFile = top.file("nova_conf").orElse(Path.of("/etc/nova/nova.conf"));
        this.novaConf = novaConf();
    }

    private Optional<NovaConf> novaConf() {
        boolean needed = !top.has("host") || !top.has("cluster_ip");
        if (!needed || (!Files.exists(novaConfFile) && !top.has("nova_conf"))) {
            return Optional.empty();
        }
        try {
            return Optional.of(NovaConf.read(novaConfFile));
        } catch (IOException e) {
            top.problem("nova_conf", "names " + novaConfFile + ", which cannot be read: " + e);
            return Optional.empty();
        }
    }

    /** {@code host}, else Nova's {@code [DEFAULT] host}, else the machine's name: the order in which nova-compute finds its own. */
    Optional<HostName> host() {
        String name =
                top.text("host").or(() -> novaConf.flatMap(NovaConf::host)).orElseGet(machine::hostName);
        if (!HOST.matcher(name).matches()) {
            top.problem(
                    "host",
                    "must be the name that `openstack compute service list` shows, of letters, digits, '.', '_' and"
                            + " '-', but is '"
                            + name + "'");
            return Optional.empty();
        }
        return Optional.of(new HostName(name));
    }

    /** {@code cluster_ip}, else the address at which Nova's console proxies reach this host. */
    Optional<InetAddress> clusterIp() {
        boolean loopbackAllowed = top.flag("allow_loopback_cluster_ip", false);
        boolean publicAllowed = top.flag("allow_public_cluster_ip", false);
        boolean ours = top.has("cluster_ip");
        Optional<String> text = ours ? top.text("cluster_ip") : novaConf.flatMap(NovaConf::clusterIp);
        if (text.isEmpty()) {
            if (!ours) {
                top.problem(
                        "cluster_ip",
                        "is missing, and " + novaConfFile
                                + " gives no [vnc] server_proxyclient_address and no my_ip; set it to this host's"
                                + " management address");
            }
            return Optional.empty();
        }
        String origin = ours ? "" : "(taken from " + novaConfFile + ") ";
        Optional<InetAddress> address = AddressRules.literal(text.get());
        if (address.isEmpty()) {
            top.problem("cluster_ip", origin + "must be an IP address such as 10.0.0.7 but is '" + text.get() + "'");
            return Optional.empty();
        }
        Optional<String> refusal = AddressRules.refusal(address.get(), loopbackAllowed, publicAllowed, machine);
        refusal.ifPresent(sentence -> top.problem("cluster_ip", origin + sentence));
        return refusal.isPresent() ? Optional.empty() : address;
    }
}

package io.vmha.node.config;

import io.vmha.node.config.VmhadConfig.HostAndPort;
import io.vmha.node.config.VmhadConfig.Listener;
import io.vmha.node.config.VmhadConfig.Ports;
import io.vmha.node.config.VmhadConfig.Profile;
import io.vmha.node.config.VmhadConfig.Tls;
import io.vmha.node.config.VmhadConfig.Token;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Limits;
import io.vmha.recovery.core.Proofs;
import io.vmha.recovery.core.RecoveryConfig;
import io.vmha.recovery.core.VerdictTimes;
import io.vmha.recovery.fencing.FencingConfig;
import io.vmha.recovery.openstack.OpenStackConfig;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.nodes.MappingNode;

/** Reads one configuration file from top to bottom. */
final class ConfigReader {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");
    private static final Pattern JOIN = Pattern.compile("(\\[[0-9a-fA-F:.]+]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?");
    private static final Pattern TAG = Pattern.compile("[a-z0-9_]{1,32}");
    private static final int TAG_BYTES_MAX = 200; // of the 512 that memberlist gives a member's tags
    private static final int KEYS_MAX = 8;
    private static final int JOIN_MAX = 256;
    private static final int TOKEN_LENGTH_MIN = 16;

    private final Settings top;
    private final Machine machine;
    private final HostIdentity identity;

    private ConfigReader(Settings top, Machine machine) {
        this.top = top;
        this.machine = machine;
        this.identity = new HostIdentity(top, machine);
    }

    static VmhadConfig read(Path file, Machine machine) {
        var problems = new Problems(file);
        Optional<MappingNode> yaml = YamlFile.read(problems);
        problems.check();
        if (SecretFile.isWritableByEverybody(file)) {
            problems.add(
                    1,
                    "everybody may change this file, and with it what this daemon runs and whom it trusts; run: chmod"
                            + " o-w "
                            + file);
        }
        var top = new Settings("", 0, yaml.orElseThrow(), problems);
        var config = new ConfigReader(top, machine).read(yaml.orElseThrow());
        problems.check();
        return config.orElseThrow();
    }

    private Optional<VmhadConfig> read(MappingNode yaml) {
        Optional<HostName> host = identity.host();
        Optional<InetAddress> clusterIp = identity.clusterIp();
        String datacenter = datacenter();
        Path dataDir = dataDir();
        Ports ports = ports();
        Listener http = listener("http", ports.http());
        Listener rpc = listener("rpc", ports.rpc());
        VmhadConfig.Gossip gossip = gossip(ports, host.map(HostName::value).orElse("?"));
        VmhadConfig.Raft raft = raft(clusterIp, ports);
        var adapters = new AdapterSections(top, yaml);
        Optional<OpenStackConfig> openstack = adapters.openstack();
        Optional<FencingConfig> fencing = adapters.fencing();
        VmhadConfig.Recovery recovery = recovery(openstack);
        VmhadConfig.Lease lease = lease();
        VmhadConfig.Gate gate = GateSection.read(top, lease.file());
        SortedMap<String, String> tags = tags();
        Optional<VmhadConfig.Events> events = EventsSection.read(top);
        adapters.refuseOpenSecrets();
        top.refuseUnknownKeys();
        if (host.isEmpty() || clusterIp.isEmpty() || openstack.isEmpty() || fencing.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new VmhadConfig(
                host.get(),
                datacenter,
                clusterIp.get(),
                dataDir,
                ports,
                http,
                rpc,
                gossip,
                raft,
                openstack.get(),
                recovery,
                lease,
                gate,
                fencing.get(),
                tags,
                events));
    }

    private String datacenter() {
        String name = top.text("datacenter").orElse("dc1");
        if (!NAME.matcher(name).matches()) {
            top.problem("datacenter", "must be letters, digits, '.', '_' and '-' but is '" + name + "'");
        }
        return name;
    }

    private Path dataDir() {
        Path dir = top.file("data_dir").orElse(Path.of("/var/lib/vmha"));
        if (!dir.isAbsolute()) {
            top.problem("data_dir", "must be an absolute path but is '" + dir + "'");
        }
        return dir;
    }

    private Ports ports() {
        Settings section = top.section("ports");
        var ports = new Ports(
                section.integer("raft", Ports.DEFAULT.raft(), 1, 65535),
                section.integer("gossip", Ports.DEFAULT.gossip(), 1, 65535),
                section.integer("rpc", Ports.DEFAULT.rpc(), 1, 65535),
                section.integer("http", Ports.DEFAULT.http(), 1, 65535));
        section.refuseUnknownKeys();
        refuseSharedPorts(section, ports);
        return ports;
    }

    /** A port that is wrong by itself has its own problem; the default that stands in for it is nothing that the file says. */
    private void refuseSharedPorts(Settings section, Ports ports) {
        var users = new TreeMap<Integer, List<String>>();
        Map.of("raft", ports.raft(), "gossip", ports.gossip(), "rpc", ports.rpc(), "http", ports.http())
                .forEach((name, port) -> {
                    if (section.text(name)
                            .map(text -> text.equals(port.toString()))
                            .orElse(true)) {
                        users.computeIfAbsent(port, p -> new ArrayList<>()).add(name);
                    }
                });
        users.forEach((port, names) -> {
            if (names.size() > 1) {
                names.sort(null);
                top.problem(
                        "ports", "must be four different ports but " + String.join(" and ", names) + " are " + port);
            }
        });
    }

    private Listener listener(String name, int port) {
        Settings section = top.section(name);
        String text = section.text("address").orElse("127.0.0.1");
        Optional<InetAddress> address = AddressRules.literal(text);
        if (address.isEmpty()) {
            section.problem("address", "must be an IP address such as 127.0.0.1 but is '" + text + "'");
        }
        boolean open = address.isPresent() && !address.get().isLoopbackAddress();
        if (open && !address.get().isAnyLocalAddress() && !machine.hasAddress(address.get())) {
            section.problem("address", "must be an address of this machine but no interface here has " + text);
        }
        Optional<Token> token = Optional.empty();
        if (section.has("token_file")) {
            token = token(section);
        } else if (open) {
            section.problem(
                    "address",
                    "is " + text + ", which other machines reach, so changes need a token; set "
                            + section.name("token_file") + ", or leave the address at 127.0.0.1");
        }
        section.refuseUnknownKeys();
        return new Listener(new InetSocketAddress(address.orElse(InetAddress.getLoopbackAddress()), port), token);
    }

    private static Optional<Token> token(Settings section) {
        List<String> lines = SecretFile.lines(section, "token_file");
        if (lines.isEmpty()) {
            return Optional.empty();
        }
        if (lines.size() > 1 || lines.get(0).length() < TOKEN_LENGTH_MIN) {
            section.problem(
                    "token_file",
                    "must hold one line of at least " + TOKEN_LENGTH_MIN
                            + " characters; make one with: openssl rand -hex 32");
            return Optional.empty();
        }
        return Optional.of(new Token(lines.get(0)));
    }

    private VmhadConfig.Gossip gossip(Ports ports, String host) {
        Settings section = top.section("gossip");
        List<GossipKey> keys = keys(section);
        var join = new ArrayList<HostAndPort>();
        for (String text : section.texts("retry_join", JOIN_MAX)) {
            joinAddress(section, text, ports.gossip()).ifPresent(join::add);
        }
        Profile profile = Profile.LAN;
        String profileText = section.text("profile").orElse("lan");
        if (List.of("lan", "wan", "local").contains(profileText)) {
            profile = Profile.valueOf(profileText.toUpperCase(Locale.ROOT));
        } else {
            section.problem("profile", "must be lan, wan or local but is '" + profileText + "'");
        }
        String name = section.text("name").orElse(host);
        if (section.has("name") && !NAME.matcher(name).matches()) {
            section.problem("name", "must be letters, digits, '.', '_' and '-' but is '" + name + "'");
        }
        Optional<VmhadConfig.SerfRpc> serfRpc = SerfRpcSection.read(section);
        section.refuseUnknownKeys();
        return new VmhadConfig.Gossip(keys, join, profile, name, serfRpc);
    }

    private static List<GossipKey> keys(Settings section) {
        if (section.has("keys") && section.has("key_file")) {
            section.problem("key_file", "must not be set together with " + section.name("keys"));
            return List.of();
        }
        String source = section.has("key_file") ? "key_file" : "keys";
        List<String> texts =
                section.has("key_file") ? SecretFile.lines(section, "key_file") : section.texts("keys", KEYS_MAX);
        if (texts.size() > KEYS_MAX) {
            section.problem(source, "must have at most " + KEYS_MAX + " keys but has " + texts.size());
            return List.of();
        }
        var keys = new ArrayList<GossipKey>();
        for (int i = 0; i < texts.size(); i++) {
            try {
                keys.add(GossipKey.ofBase64(texts.get(i)));
            } catch (IllegalArgumentException e) {
                section.problem(source, (texts.size() > 1 ? "(entry " + (i + 1) + ") " : "") + e.getMessage());
            }
        }
        return keys;
    }

    private static Optional<HostAndPort> joinAddress(Settings section, String text, int standardPort) {
        var matcher = JOIN.matcher(text);
        if (matcher.matches()) {
            int port = matcher.group(2) == null ? standardPort : Integer.parseInt(matcher.group(2));
            if (port >= 1 && port <= 65535) {
                String host = matcher.group(1);
                return Optional.of(
                        new HostAndPort(host.startsWith("[") ? host.substring(1, host.length() - 1) : host, port));
            }
        }
        section.problem("retry_join", "must be host or host:port, or a list of such, but has '" + text + "'");
        return Optional.empty();
    }

    private VmhadConfig.Raft raft(Optional<InetAddress> clusterIp, Ports ports) {
        Settings section = top.section("raft");
        Duration election = section.duration(
                "election_timeout", Duration.ofSeconds(1), Duration.ofMillis(150), Duration.ofSeconds(30));
        Duration replace =
                section.duration("replace_after", Duration.ofMinutes(2), Duration.ofSeconds(5), Duration.ofDays(7));
        Optional<Tls> tls = section.has("tls") ? tls(section.section("tls")) : Optional.empty();
        boolean insecure = top.flag("allow_insecure_raft", false);
        boolean reachable = clusterIp.map(ip -> !ip.isLoopbackAddress()).orElse(false);
        if (reachable && !insecure && !section.has("tls")) {
            section.problem(
                    "tls",
                    "is missing, so whoever reaches port " + ports.raft()
                            + " could command this group; make certificates with vmha ca (see vmhad.yaml.example), or,"
                            + " if the network itself keeps strangers away, set allow_insecure_raft: true");
        }
        section.refuseUnknownKeys();
        return new VmhadConfig.Raft(election, replace, tls);
    }

    private static Optional<Tls> tls(Settings section) {
        String all = "mutual TLS needs ca, cert and key";
        section.required("ca", all);
        section.required("cert", all);
        section.required("key", all);
        Optional<Path> ca = section.file("ca").filter(file -> SecretFile.isReadable(section, "ca", file));
        Optional<Path> cert = section.file("cert").filter(file -> SecretFile.isReadable(section, "cert", file));
        Optional<Path> key = section.file("key").filter(file -> SecretFile.isUsable(section, "key", file));
        section.refuseUnknownKeys();
        return ca.isPresent() && cert.isPresent() && key.isPresent()
                ? Optional.of(new Tls(ca.get(), cert.get(), key.get()))
                : Optional.empty();
    }

    /** What becomes of a host whose kernel answers and whose vmhad does not. */
    private static VerdictTimes verdict(Settings section, VerdictTimes standard) {
        String policy = section.text("agent_silent").orElse("hold");
        if (!policy.equals("hold") && !policy.equals("fence")) {
            section.problem("agent_silent", "must be hold or fence but is '" + policy + "'");
        }
        return standard.withAgentSilent(
                millis(section, "agent_silent_after", standard.agentSilentMs()), policy.equals("fence"));
    }

    private VmhadConfig.Recovery recovery(Optional<OpenStackConfig> openstack) {
        Settings section = top.section("recovery");
        RecoveryConfig standard = RecoveryConfig.DEFAULT;
        // S9: a new leader waits out whatever call its predecessor may have begun, so the two limits belong together
        long requestMs = openstack.map(o -> o.limits().request().toMillis()).orElse(standard.requestLimitMs());
        var timing = new RecoveryConfig(
                millis(section, "suspect_after", standard.suspectAfterMs()),
                millis(section, "silence", standard.silenceMs()),
                millis(section, "settle", standard.settleMs()),
                millis(section, "poll", standard.pollMs()),
                section.integer("parallel", standard.parallelMax(), 1, 256),
                section.integer("arrivals_per_host", standard.arrivalsMax(), 1, 256),
                millis(section, "lease", standard.leaseMs()),
                millis(section, "grace", standard.graceMs()),
                millis(section, "request_limit", requestMs),
                verdict(section, standard.verdict()));
        if (timing.silenceMs() < timing.suspectAfterMs()) {
            section.problem(
                    section.has("silence") ? "silence" : "suspect_after",
                    "must leave silence at least as long as suspect_after but they are " + timing.silenceMs()
                            + "ms and " + timing.suspectAfterMs() + "ms");
        }
        if (timing.requestLimitMs() < requestMs) {
            section.problem(
                    "request_limit",
                    "must be at least openstack.request_timeout, which is " + requestMs + "ms, but is "
                            + timing.requestLimitMs()
                            + "ms: a new leader must not call while the old one's request may still run");
        }
        boolean shared = section.flag("instances_shared", false);
        Settings limits = section.section("limits");
        var bounds = new Limits(
                limits.integer("max_hosts", Limits.DEFAULT.maxHosts(), 1, 1000),
                limits.integer("max_share_percent", Limits.DEFAULT.maxSharePercent(), 1, 100));
        limits.refuseUnknownKeys();
        var policy = PolicySection.read(section);
        var instances = InstancesSection.read(top, section);
        Optional<Proofs> proofs = proofs(section);
        var restart = RestartSection.read(section);
        section.refuseUnknownKeys();
        return new VmhadConfig.Recovery(timing, shared, bounds, proofs, policy, instances, restart);
    }

    private static Optional<Proofs> proofs(Settings section) {
        var named = new TreeSet<>(section.texts("proofs", 2));
        if (!section.has("proofs")) {
            return Optional.empty();
        }
        if (named.isEmpty() || !List.of("bmc", "lease").containsAll(named)) {
            section.problem("proofs", "must be [bmc], [lease] or [bmc, lease] but is " + named);
            return Optional.empty();
        }
        return Optional.of(new Proofs(named.contains("bmc"), named.contains("lease")));
    }

    private VmhadConfig.Lease lease() {
        Settings section = top.section("lease");
        Path file = section.file("file").orElse(Path.of("/run/vmha/lease"));
        Path guard = section.file("guard").orElse(Path.of("/run/vmha/guard"));
        for (Path each : List.of(file, guard)) {
            if (!each.isAbsolute()) {
                section.problem(each.equals(file) ? "file" : "guard", "must be an absolute path but is '" + each + "'");
            }
        }
        section.refuseUnknownKeys();
        return new VmhadConfig.Lease(file, guard);
    }

    private static long millis(Settings section, String key, long standardMs) {
        return section.duration(key, Duration.ofMillis(standardMs), Duration.ofMillis(50), Duration.ofMinutes(10))
                .toMillis();
    }

    private SortedMap<String, String> tags() {
        var tags = new TreeMap<String, String>();
        Settings section = top.section("tags");
        for (var tag : section.freeTexts().entrySet()) {
            if (!TAG.matcher(tag.getKey()).matches()) {
                section.problem(tag.getKey(), "must be named with at most 32 of a-z, 0-9 and _");
            } else if (ReservedTags.NAMES.contains(tag.getKey())) {
                section.problem(tag.getKey(), "is set by the daemon itself; choose another name");
            } else {
                tags.put(tag.getKey(), tag.getValue());
            }
        }
        top.text("rack").ifPresent(rack -> tags.put("rack", rack));
        int bytes = tags.entrySet().stream()
                .mapToInt(t -> (t.getKey() + t.getValue()).getBytes(StandardCharsets.UTF_8).length + 4)
                .sum();
        if (bytes > TAG_BYTES_MAX) {
            top.problem("tags", "must together have at most " + TAG_BYTES_MAX + " bytes but have " + bytes);
        }
        return tags;
    }
}

package io.vmha.node.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Proofs;
import io.vmha.recovery.core.RecoveryConfig;
import io.vmha.recovery.core.RestartPolicy;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the daemon understands, and what it says about what it does not. */
class VmhadConfigTest {
    private static final String KEY_32 = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    private static final String OPENSTACK = """
        openstack:
          auth_url: http://127.0.0.1:5000/v3
          username: vmha
          password: sesame-open
          project: service
        """;
    private static final String SMALLEST = """
        host: hv-1
        cluster_ip: 10.0.0.1
        allow_insecure_raft: true
        """ + OPENSTACK;

    @TempDir
    Path dir;

    private Path file;

    @BeforeEach
    void setUp() {
        file = dir.resolve("vmhad.yaml");
    }

    /** A machine called box that has 10.0.0.1, 9.9.9.9 and loopback. */
    private static final class Box implements Machine {
        @Override
        public String hostName() {
            return "box";
        }

        @Override
        public boolean hasAddress(InetAddress address) {
            return address.isLoopbackAddress() || List.of("10.0.0.1", "9.9.9.9").contains(address.getHostAddress());
        }
    }

    private VmhadConfig read(String yaml) throws IOException {
        write(file, yaml);
        return ConfigReader.read(file, new Box());
    }

    private List<String> problems(String yaml) throws IOException {
        write(file, yaml);
        ConfigException e = catchThrowableOfType(ConfigException.class, () -> ConfigReader.read(file, new Box()));
        assertThat(e).as("the configuration is refused").isNotNull();
        return e.problems().stream()
                .map(p -> p.toString().replace(file.toString(), "vmhad.yaml"))
                .toList();
    }

    private static Path write(Path path, String text) throws IOException {
        Files.writeString(path, text);
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-r-----"));
        return path;
    }

    @Test
    void theSmallestFileGetsTheDefaults() throws IOException {
        VmhadConfig config = read(SMALLEST);

        assertThat(config.host()).isEqualTo(new HostName("hv-1"));
        assertThat(config.clusterIp().getHostAddress()).isEqualTo("10.0.0.1");
        assertThat(config.datacenter()).isEqualTo("dc1");
        assertThat(config.dataDir()).isEqualTo(Path.of("/var/lib/vmha"));
        assertThat(config.ports()).isEqualTo(VmhadConfig.Ports.DEFAULT);
        assertThat(config.http().address().toString()).isEqualTo("/127.0.0.1:8500");
        assertThat(config.rpc().address().toString()).isEqualTo("/127.0.0.1:8400");
        assertThat(config.gossip().name()).isEqualTo("hv-1");
        assertThat(config.gossip().keys()).isEmpty();
        assertThat(config.recovery().timing().leaseMs()).isEqualTo(RecoveryConfig.DEFAULT.leaseMs());
        assertThat(config.recovery().timing().requestLimitMs())
                .isEqualTo(config.openstack().limits().request().toMillis());
        assertThat(config.recovery().instancesShared()).isFalse();
        assertThat(config.toString()).doesNotContain("sesame-open");
    }

    @Test
    void everySettingIsUnderstood() throws IOException {
        Path keys = write(dir.resolve("gossip.key"), "# the pool's key\n" + KEY_32 + "\n");
        Path token = write(dir.resolve("token"), "0123456789abcdef0123\n");

        VmhadConfig config =
                read(SMALLEST + """
                    datacenter: lab
                    data_dir: /srv/vmha
                    rack: r7
                    tags: {room: north}
                    ports: {raft: 18300, gossip: 18301, rpc: 18400, http: 18500}
                    http: {address: 10.0.0.1, token_file: TOKEN}
                    rpc: {address: 127.0.0.9}
                    gossip:
                      key_file: KEYS
                      retry_join: ["10.0.0.2:9000", hv-3, "[fd00::1]:7"]
                      profile: local
                      name: first
                      serf_rpc: {address: 127.0.0.9, port: 17373, auth_key_file: TOKEN, coalesce_events: true}
                    raft: {election_timeout: 300ms}
                    recovery:
                      instances_shared: true
                      silence: 4s
                      parallel: 3
                      request_limit: 1m
                      limits: {max_hosts: 2, max_share_percent: 34}
                      restart: {select: tagged, tries: 5, within: 30m, back_off: 1s}
                    """.replace("TOKEN", token.toString()).replace("KEYS", keys.toString()));

        assertThat(config.recovery().restart())
                .isEqualTo(new RestartPolicy(RestartPolicy.Select.TAGGED, 5, 1_800_000, 1_000));
        assertThat(config.ports()).isEqualTo(new VmhadConfig.Ports(18300, 18301, 18400, 18500));
        assertThat(config.http().token().orElseThrow().reveal()).isEqualTo("0123456789abcdef0123");
        assertThat(config.rpc().address().toString()).isEqualTo("/127.0.0.9:18400");
        assertThat(config.gossip().keys()).hasSize(1);
        assertThat(config.gossip().keys().get(0).bytes()).hasSize(32);
        assertThat(config.gossip().retryJoin())
                .containsExactly(
                        new VmhadConfig.HostAndPort("10.0.0.2", 9000),
                        new VmhadConfig.HostAndPort("hv-3", 18301),
                        new VmhadConfig.HostAndPort("fd00::1", 7));
        assertThat(config.gossip().profile()).isEqualTo(VmhadConfig.Profile.LOCAL);
        VmhadConfig.SerfRpc serfRpc = config.gossip().serfRpc().orElseThrow();
        assertThat(serfRpc.address().toString()).isEqualTo("/127.0.0.9:17373");
        assertThat(serfRpc.authKey().orElseThrow().reveal()).isEqualTo("0123456789abcdef0123");
        assertThat(serfRpc.coalesceEvents()).isTrue();
        assertThat(config.raft().electionTimeout()).isEqualTo(Duration.ofMillis(300));
        assertThat(config.recovery().timing().parallelMax()).isEqualTo(3);
        assertThat(config.recovery().timing().requestLimitMs()).isEqualTo(60_000);
        assertThat(config.recovery().limits().maxSharePercent()).isEqualTo(34);
        assertThat(config.tags()).containsEntry("rack", "r7").containsEntry("room", "north");
        assertThat(config.toString()).doesNotContain("0123456789abcdef0123").doesNotContain(KEY_32);
    }

    @Test
    void serfRpcIsClosedUnlessAskedForAndNeverLeavesTheHost() throws IOException {
        assertThat(read(SMALLEST).gossip().serfRpc()).isEmpty();
        assertThat(read(SMALLEST + "gossip: {serf_rpc: {}}\n")
                        .gossip()
                        .serfRpc()
                        .orElseThrow()
                        .address()
                        .toString())
                .isEqualTo("/127.0.0.1:7373");
        assertThat(problems(SMALLEST + "gossip: {serf_rpc: {address: 10.0.0.1}}\n")
                        .get(0))
                .contains("gossip.serf_rpc.address")
                .contains("loopback");
    }

    @Test
    void eventsGoToOneUrlWithoutPassword() throws IOException {
        assertThat(read(SMALLEST).events()).isEmpty();
        assertThat(read(SMALLEST + "events: {webhook: 'https://alerts.example/vmha'}\n")
                        .events()
                        .orElseThrow()
                        .webhook())
                .hasToString("https://alerts.example/vmha");
        assertThat(problems(SMALLEST + "events: {}\n").get(0)).contains("events.webhook", "is missing");
        assertThat(problems(SMALLEST + "events: {webhook: 'ftp://alerts.example/'}\n")
                        .get(0))
                .contains("http or https");
    }

    @Test
    void theExampleIsAccepted() throws IOException {
        Path password = write(dir.resolve("password"), "sesame\n");
        String example = Files.readString(Path.of("src/main/dist/vmhad.yaml.example"))
                .replace("#cluster_ip: 10.0.0.1", "cluster_ip: 10.0.0.1\nallow_insecure_raft: true")
                .replace("/etc/vmha/openstack.password", password.toString());

        VmhadConfig config = read(example);

        assertThat(config.gossip().retryJoin()).hasSize(3);
    }

    @Test
    void whatTheExampleShowsAsDefaultsAreTheDefaults() throws IOException {
        Path password = write(dir.resolve("password"), "sesame\n");
        String example = Files.readString(Path.of("src/main/dist/vmhad.yaml.example"))
                .replace("/etc/vmha/openstack.password", password.toString());
        int fencing = example.indexOf("# --- fencing");
        String everythingOn = (example.substring(0, fencing) + example.substring(example.indexOf("# --- recovery")))
                .lines()
                .map(l -> l.matches("#(  )?.*(_file|insecure|tls|  (ca|cert|key)|rack|tags|  room|region|events| "
                                + " webhook).*|  #(region|ca_file|key_file|serf_rpc|tls|  (ca|cert|key)).*")
                        ? ""
                        : l.replaceFirst("^#([a-z]+(_[a-z]+)*:)", "$1")
                                .replaceFirst("^#(  [a-z_]+:)", "$1")
                                .replaceFirst("^(  )#(( {2})?[a-z_]+:)", "$1$2"))
                .reduce("", (a, b) -> a + b + "\n");

        VmhadConfig written = read("allow_insecure_raft: true\n" + everythingOn);
        VmhadConfig standard = read("allow_insecure_raft: true\n"
                + example.replace("#host: hv-1", "host: hv-1").replace("#cluster_ip", "cluster_ip"));

        assertThat(written).usingRecursiveComparison().isEqualTo(standard);
    }

    @Test
    void severalProblemsAreReportedAtOnceEachWithItsLine() throws IOException {
        var found = problems("""
            host: hv-1
            cluster_ip: 10.0.0.1
            allow_insecure_raft: true
            ports:
              raft: 83000
            gossip:
              keys: [c2hvcnQ=]
              profil: lan
            raft:
              election_timeout: soon
            openstack:
              auth_url: ftp://keystone
              username: vmha
              project: service
            recovrey: {}
            """);

        assertThat(found)
                .containsExactly(
                        "ports.raft must be a whole number from 1 to 65535 but is '83000' (vmhad.yaml, line 5)",
                        "gossip.keys must be a key of 16, 24 or 32 bytes in base64 but has 5 bytes; make one with:"
                                + " openssl rand -base64 32 (vmhad.yaml, line 7)",
                        "gossip.profil is not a known key; did you mean profile? (vmhad.yaml, line 8)",
                        "raft.election_timeout must be a time such as 500ms, 10s or 2m but is 'soon' (vmhad.yaml, line"
                                + " 10)",
                        "openstack.password is missing; set it, or password_file (vmhad.yaml, line 11)",
                        "openstack.auth_url is refused: auth_url must be an http or https address such as"
                                + " https://keystone:5000/v3 but is 'ftp://keystone' (vmhad.yaml, line 12)",
                        "recovrey is not a known key; did you mean recovery? (vmhad.yaml, line 15)");
    }

    @Test
    void portsThatAreSharedAreNamedAsTheFileHasThem() throws IOException {
        assertThat(problems(SMALLEST + "ports: {raft: -1, gossip: 8301, rpc: 8301, http: 99999}\n"))
                .containsExactly(
                        "ports.raft must be a whole number from 1 to 65535 but is '-1' (vmhad.yaml, line 9)",
                        "ports.http must be a whole number from 1 to 65535 but is '99999' (vmhad.yaml, line 9)",
                        "ports must be four different ports but gossip and rpc are 8301 (vmhad.yaml, line 9)");
        assertThat(problems(SMALLEST + "ports: {raft: -1, gossip: 8300}\n")).hasSize(1);
        assertThat(problems(SMALLEST + "ports: {gossip: 8400}\n"))
                .containsExactly("ports must be four different ports but gossip and rpc are 8400 (vmhad.yaml, line 9)");
    }

    @Test
    void anUnknownKeyFarFromAllKnownOnesListsThem() throws IOException {
        assertThat(problems(SMALLEST + "http:\n  whatsoever: 1\n"))
                .containsExactly(
                        "http.whatsoever is not a known key; known here are address, token_file (vmhad.yaml, line 10)");
    }

    @Test
    void aPublicClusterAddressIsRefusedUnlessAllowed() throws IOException {
        String yaml = SMALLEST.replace("10.0.0.1", "9.9.9.9");

        assertThat(problems(yaml))
                .singleElement()
                .asString()
                .contains("9.9.9.9 is public")
                .contains("line 2");
        assertThat(read("allow_public_cluster_ip: true\n" + yaml).clusterIp().getHostAddress())
                .isEqualTo("9.9.9.9");
    }

    @Test
    void aClusterAddressOfAnotherMachineIsRefused() throws IOException {
        assertThat(problems(SMALLEST.replace("10.0.0.1", "10.0.0.99")))
                .containsExactly(
                        "cluster_ip must be an address of this machine but no interface here has 10.0.0.99; compare"
                                + " with: ip address (vmhad.yaml, line 2)");
    }

    @Test
    void wildcardLoopbackMulticastAndNamesAreNoClusterAddresses() throws IOException {
        assertThat(problems(SMALLEST.replace("10.0.0.1", "0.0.0.0")).get(0)).contains("wildcard");
        assertThat(problems(SMALLEST.replace("10.0.0.1", "\"::\"")).get(0)).contains("wildcard");
        assertThat(problems(SMALLEST.replace("10.0.0.1", "224.0.0.7")).get(0)).contains("multicast");
        assertThat(problems(SMALLEST.replace("10.0.0.1", "127.0.0.1")).get(0)).contains("loopback");
        assertThat(problems(SMALLEST.replace("10.0.0.1", "hv-1.example")).get(0))
                .contains("must be an IP address");
        assertThat(problems(SMALLEST.replace("10.0.0.1", "10.0.0.300")).get(0)).contains("must be an IP address");
        assertThat(read("allow_loopback_cluster_ip: true\n" + SMALLEST.replace("10.0.0.1", "127.9.0.3"))
                        .clusterIp())
                .isEqualTo(InetAddress.getByName("127.9.0.3"));
    }

    @Test
    void aWrongGossipKeyFileSaysWhatIsWrongWithoutShowingTheKey() throws IOException {
        Path keys = write(dir.resolve("gossip.key"), KEY_32 + "\nbm90LWEta2V5\nnot base64 at all!\n");

        var found = problems(SMALLEST + "gossip: {key_file: " + keys + "}\n");

        assertThat(found).hasSize(2);
        assertThat(found.get(0))
                .contains("(entry 2) must be a key of 16, 24 or 32 bytes")
                .contains("has 9 bytes");
        assertThat(found.get(1)).contains("(entry 3)").contains("no base64");
        assertThat(found.toString()).doesNotContain("bm90LWEta2V5").doesNotContain("not base64 at all!");
    }

    @Test
    void secretsThatEverybodyMayReadAreRefused() throws IOException {
        Path keys = write(dir.resolve("gossip.key"), KEY_32);
        Files.setPosixFilePermissions(keys, PosixFilePermissions.fromString("rw-r--r--"));
        write(file, SMALLEST + "gossip: {key_file: " + keys + "}\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));

        ConfigException e = catchThrowableOfType(ConfigException.class, () -> ConfigReader.read(file, new Box()));

        assertThat(e.problems()).extracting(ConfigProblem::line).containsExactly(7, 9);
        assertThat(e.getMessage())
                .contains("run: chmod o-rwx " + keys)
                .contains("openstack.password is a secret but everybody may read this file; run: chmod o-rwx " + file);
    }

    @Test
    void filesThatEverybodyMayChangeAreRefused() throws IOException {
        Path ca = write(dir.resolve("ca.pem"), "a certificate");
        Path keys = write(dir.resolve("gossip.key"), KEY_32);
        Files.setPosixFilePermissions(ca, PosixFilePermissions.fromString("rw-r--rw-"));
        Files.setPosixFilePermissions(keys, PosixFilePermissions.fromString("rw-----w-"));
        write(
                file,
                SMALLEST + "gossip: {key_file: " + keys + "}\nraft: {tls: {ca: " + ca + ", cert: " + ca + ", key: " + ca
                        + "}}\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-----w-"));

        ConfigException e = catchThrowableOfType(ConfigException.class, () -> ConfigReader.read(file, new Box()));

        assertThat(e.getMessage())
                .contains("everybody may change this file, and with it what this daemon runs")
                .contains("gossip.key_file names " + keys + ", which everybody may change; run: chmod o-w " + keys)
                .contains("raft.tls.ca names " + ca + ", which everybody may change; run: chmod o-w " + ca);
    }

    @Test
    void anHttpAddressThatOthersReachNeedsAToken() throws IOException {
        Path shortToken = write(dir.resolve("token"), "short\n");

        assertThat(problems(SMALLEST + "http: {address: 10.0.0.1}\n").get(0))
                .contains("set http.token_file, or leave the address at 127.0.0.1");
        assertThat(problems(SMALLEST + "http: {address: 10.0.0.1, token_file: " + shortToken + "}\n"))
                .singleElement()
                .asString()
                .contains("at least 16 characters");
    }

    @Test
    void theRequestLimitMustCoverARequestToNova() throws IOException {
        assertThat(problems(SMALLEST + "recovery: {request_limit: 5s}\n").get(0))
                .startsWith("recovery.request_limit must be at least openstack.request_timeout");
    }

    @Test
    void limitsThatContradictEachOtherAreRefused() throws IOException {
        assertThat(problems(SMALLEST + "raft: {election_timeout: 31s}\nrecovery: {silence: 1s}\nports: {rpc: 8500}\n"))
                .hasSize(3);
    }

    @Test
    void aFileThatIsNoYamlSaysWhere() throws IOException {
        assertThat(problems("host: hv-1\n  cluster_ip: [\n").get(0))
                .startsWith("this is not YAML")
                .contains("line 2");
        assertThat(problems("").get(0)).contains("but is empty");
        assertThat(problems("- a\n- b\n").get(0)).contains("must be a mapping");
        assertThat(problems(SMALLEST + "host: b\n").get(0))
                .contains("set a second time")
                .contains("line 1");
    }

    @Test
    void aMissingFileIsOneProblem() {
        ConfigException e =
                catchThrowableOfType(ConfigException.class, () -> VmhadConfig.load(dir.resolve("nowhere.yaml")));

        assertThat(e.problems()).singleElement().asString().contains("there is no such file");
    }

    @Test
    void bombsAreRefused() throws IOException {
        String aliases = "a: &a [x, x, x]\nb: &b [*a, *a, *a]\nc: [*b, *b, *b]\n";
        String deep = "a: " + "[".repeat(2000) + "]".repeat(2000);
        String large = "a: " + "x".repeat(YamlFile.BYTES_MAX);
        String many = IntStream.range(0, 5000).mapToObj(i -> "k" + i + ": 1\n").reduce("", String::concat);

        assertThat(problems(aliases).get(0))
                .contains("aliases (*name) are not supported")
                .contains("line 2");
        assertThat(problems(deep).get(0)).contains("nested deeper than");
        assertThat(problems(large).get(0)).contains("must not be larger than");
        assertThat(problems(many)).hasSizeLessThanOrEqualTo(100);
    }

    @Test
    void nameAndAddressComeFromNova() throws IOException {
        Path nova = dir.resolve("nova.conf");
        Files.writeString(nova, """
            [DEFAULT]
            host = compute-7
            my_ip = 10.0.0.1
            # my_ip = 1.2.3.4
            [vnc]
            server_proxyclient_address = $my_ip
            """);

        VmhadConfig config = read("allow_insecure_raft: true\nnova_conf: " + nova + "\n" + OPENSTACK);

        assertThat(config.host().value()).isEqualTo("compute-7");
        assertThat(config.clusterIp().getHostAddress()).isEqualTo("10.0.0.1");
    }

    @Test
    void oldNamesOfNovaAreKnown() {
        assertThat(NovaConf.parse("[vnc]\nvncserver_proxyclient_address=10.0.0.2\n")
                        .clusterIp())
                .contains("10.0.0.2");
        assertThat(NovaConf.parse("[DEFAULT]\nvncserver_proxyclient_address='10.0.0.3'\n")
                        .clusterIp())
                .contains("10.0.0.3");
        assertThat(NovaConf.parse("[DEFAULT]\nmy_ip: 10.0.0.4\n[vnc]\nenabled = true\n")
                        .clusterIp())
                .contains("10.0.0.4");
        assertThat(NovaConf.parse("[DEFAULT]\nmy_ip=${a}\na=$my_ip$my_ip$my_ip$my_ip\n")
                        .clusterIp())
                .isEmpty();
    }

    @Test
    void anAddressFromNovaIsJudgedLikeOurOwn() throws IOException {
        Path nova = dir.resolve("nova.conf");
        Files.writeString(nova, "[DEFAULT]\nmy_ip = 127.0.0.1\n");

        assertThat(problems("nova_conf: " + nova + "\n" + OPENSTACK).get(0))
                .startsWith("cluster_ip (taken from " + nova + ") must be an address that the other hosts can reach");
        assertThat(problems("nova_conf: " + dir.resolve("absent") + "\n" + OPENSTACK))
                .hasSize(2);
    }

    @Test
    void fenceDevicesAreReadAndTheirMistakesGetLines() throws IOException {
        String fencing = """
            fencing:
              defaults:
                agent: fence_ipmilan
                username: admin
                password: open-sesame
                options: {lanplus: true}
              hosts:
                hv-1: {address: 10.9.0.1, identity: 11111111-2222-3333-4444-555555555555}
                hv-2.example.org: {address: 10.9.0.2, identity: 22111111222233334444555555555555}
            """;

        VmhadConfig config = read(SMALLEST + fencing);

        assertThat(config.fencing().hosts()).containsExactly(new HostName("hv-1"), new HostName("hv-2.example.org"));
        assertThat(config.toString()).doesNotContain("open-sesame");
        assertThat(problems(SMALLEST + fencing.replace("22111111222233334444555555555555", "nonsense"))
                        .get(0))
                .contains("fencing.hosts.hv-2.example.org.identity must be a UUID")
                .contains("line 17");
        assertThat(problems(SMALLEST + "fencing: none\n").get(0)).contains("fencing must be a mapping");
    }

    @Test
    void reservedTagsAreRefused() throws IOException {
        assertThat(problems(SMALLEST + "tags: {role: consul}\n").get(0)).contains("set by the daemon itself");
        assertThat(problems(SMALLEST + "tags: {room: " + "x".repeat(300) + "}\n")
                        .get(0))
                .contains("at most 200 bytes");
    }

    @Test
    void proofsAndTheLeasesFilesAreReadAndNonsenseIsNot() throws IOException {
        VmhadConfig config = read(SMALLEST + "recovery:\n  proofs: [lease, bmc]\nlease:\n  file: /ram/lease\n");

        assertThat(config.recovery().proofs()).contains(Proofs.BOTH);
        assertThat(config.lease().file()).isEqualTo(Path.of("/ram/lease"));
        assertThat(config.lease().guard()).isEqualTo(Path.of("/run/vmha/guard"));
        assertThat(read(SMALLEST).recovery().proofs()).isEmpty();
        assertThat(problems(SMALLEST + "recovery:\n  proofs: [gossip]\nlease:\n  file: ram/lease\n"))
                .anySatisfy(p -> assertThat(p).contains("[bmc], [lease] or [bmc, lease]"))
                .anySatisfy(p -> assertThat(p).contains("absolute path"));
    }

    @Test
    void anAddressThatOthersReachNeedsTlsOrAWordThatItDoesNot() throws IOException {
        String open = SMALLEST.replace("allow_insecure_raft: true\n", "");

        assertThat(problems(open))
                .singleElement()
                .asString()
                .contains("raft.tls is missing, so whoever reaches port 8300 could command this group")
                .contains("vmha ca")
                .contains("allow_insecure_raft: true");
        assertThat(read(open.replace("10.0.0.1", "127.0.0.1") + "allow_loopback_cluster_ip: true\n")
                        .raft()
                        .tls())
                .as("only this machine reaches loopback")
                .isEmpty();
    }

    @Test
    void voterReplacementHasATimeOfItsOwn() throws IOException {
        assertThat(read(SMALLEST).raft().replaceAfter()).isEqualTo(Duration.ofMinutes(2));
        assertThat(read(SMALLEST + "raft: {replace_after: 30s}\n").raft().replaceAfter())
                .isEqualTo(Duration.ofSeconds(30));
    }

    @Test
    void reservedHostsHaveNamesThatAHostMayHave() throws IOException {
        for (String name : List.of("../x", "hv 1", "-x", "hv-1/..", "h\u00f6st")) {
            assertThat(problems(SMALLEST + "recovery: {reserved: {hosts: [hv-9, '" + name + "']}}\n"))
                    .as(name)
                    .singleElement()
                    .asString()
                    .contains("recovery.reserved.hosts must be names that", "[" + name + "]");
        }
        assertThat(read(SMALLEST + "recovery: {reserved: {hosts: [hv-9, hv_10.example.org]}}\n")
                        .recovery()
                        .policy()
                        .reserved()
                        .hosts())
                .extracting(HostName::value)
                .containsExactly("hv-9", "hv_10.example.org");
    }

    @Test
    void theRackIsTheConfigurationsToSayAndNotASerfClients() throws IOException {
        assertThat(read(SMALLEST + "rack: r1\n").tags()).containsEntry("rack", "r1");

        assertThat(ReservedTags.FOR_CLIENTS).containsAll(ReservedTags.NAMES).contains("rack");
    }

    @Test
    void noTagThatOtherDaemonsBelieveCanBeConfigured() throws IOException {
        for (String tag : ReservedTags.NAMES) {
            assertThat(problems(SMALLEST + "tags: {" + tag + ": x}\n"))
                    .singleElement()
                    .asString()
                    .contains("tags." + tag + " is set by the daemon itself");
        }
        assertThat(ReservedTags.NAMES).contains("voter", "armed");
    }
}

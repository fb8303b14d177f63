package io.vmha.testcluster.faults.lab;

import io.vmha.testcluster.cluster.VmhadSettings;
import io.vmha.testcluster.faults.history.NovaKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/** The configuration files of the hosts: what a person would write for this lab. */
final class BedConfiguration {
    static final String CLOUD_NAME = "cloud.lab";
    static final String BMC_USER = "admin";
    static final String BMC_PASSWORD = "lab-bmc";

    private static final int SEEDS = 3;

    private final BedPlan plan;
    private final List<LabHost> hosts;
    private final Path directory;
    private final String token;
    private final String gossipKey;
    private final CloudAccess cloud;

    BedConfiguration(
            BedPlan plan, List<LabHost> hosts, Path directory, String token, String gossipKey, CloudAccess cloud) {
        this.plan = plan;
        this.hosts = hosts;
        this.directory = directory;
        this.token = token;
        this.gossipKey = gossipKey;
        this.cloud = cloud;
    }

    /** The key of the pool, in base64. */
    String gossipKey() {
        return gossipKey;
    }

    /** Writes every host's vmhad.yaml and its resolver's file. */
    void write(Network network) {
        try {
            Path tokenFile = directory.resolve("http.token");
            secret(tokenFile, token + "\n");
            for (LabHost host : hosts) {
                secret(
                        host.directory().resolve("vmhad.yaml"),
                        settings(host, tokenFile).yaml());
                Path resolver = Path.of("/etc/netns", network.namespace(host.node()), "resolv.conf");
                Files.createDirectories(resolver.getParent());
                Files.writeString(resolver, "nameserver " + Network.up(Net.API) + "\noptions timeout:1 attempts:2\n");
            }
        } catch (IOException e) {
            throw new LabException("the configuration cannot be written: " + e.getMessage(), e);
        }
    }

    private static void secret(Path file, String text) throws IOException {
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }

    private VmhadSettings settings(LabHost host, Path tokenFile) {
        var its = new VmhadSettings()
                .set("host", host.name())
                .set("cluster_ip", host.address(Net.CLUSTER))
                .set("allow_insecure_raft", true)
                .set("rack", "r" + (host.number() + 1) / 2)
                .set("data_dir", host.dataDirectory().resolve("raft").toString())
                .set("http.address", host.address(Net.WATCH))
                .set("http.token_file", tokenFile.toString())
                .set("gossip.keys", List.of(gossipKey))
                .set(
                        "gossip.retry_join",
                        hosts.stream()
                                .limit(SEEDS)
                                .map(h -> h.address(Net.CLUSTER) + ":8301")
                                .toList())
                .set("openstack.auth_url", "http://" + CLOUD_NAME + ":" + NovaProxy.PORT + "/v3")
                .set("openstack.username", CloudAccess.USER)
                .set("openstack.password", cloud.password())
                .set("openstack.project", CloudAccess.PROJECT)
                // the rules of the defaults with shorter limits: more faults fit into an hour
                .set("recovery.instances_shared", true)
                // hosts come back by themselves; the test bed is the unit that restarts nova-compute when they ask for
                // it
                .set("gate.return", "auto")
                .set("fencing.defaults.agent", "fence_ipmilan")
                .set("fencing.defaults.username", BMC_USER)
                .set("fencing.defaults.password", BMC_PASSWORD)
                .set("fencing.defaults.status_timeout", "8s")
                .set("fencing.defaults.off_timeout", "15s")
                .set("fencing.defaults.options.lanplus", true)
                .set("fencing.defaults.options.cipher", 3)
                .set("fencing.defaults.options.power_wait", 1);
        guests(its, host);
        for (LabHost h : plan.guests().isFenced() ? hosts : List.<LabHost>of()) {
            its.set("fencing.hosts." + h.name() + ".address", Network.bmc(h.number()))
                    .set("fencing.hosts." + h.name() + ".identity", h.bmcGuid());
        }
        if (plan.nova() == NovaKind.SIMULATED) {
            its.set("openstack.request_timeout", "4s").set("openstack.call_timeout", "8s");
        }
        return plan.hosts() > 10 ? its.set("gossip.profile", "local") : its;
    }

    /** Where guests are paused, the lease has the length that production has: here too nothing but trouble shall end it. */
    private void guests(VmhadSettings its, LabHost host) {
        if (plan.guests().isQemu()) {
            its.set("gate.guests", "libvirt").set("gate.libvirt_uri", host.libvirtUri());
        } else {
            its.set("gate.guests", "pids:" + host.guestsDirectory());
        }
        if (plan.guests().isGuarded()) {
            its.set("recovery.proofs", plan.guests().proofs())
                    .set("lease.file", host.ramDirectory().resolve("lease").toString())
                    .set("lease.guard", host.ramDirectory().resolve("guard").toString())
                    // as without a lease: not beside it, which is where the test bed does not look
                    .set("gate.file", "/run/vmha/gate");
        } else {
            its.set("recovery.lease", "4s").set("recovery.grace", "1s");
        }
    }
}

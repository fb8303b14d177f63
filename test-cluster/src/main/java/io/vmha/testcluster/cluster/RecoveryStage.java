package io.vmha.testcluster.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * A cluster on which one recovery after the other is staged: every host has a guard, and after each scene every host gets its power, its
 * daemon and, by the automatic return (S11), its place back.
 */
public final class RecoveryStage implements AutoCloseable {
    /** What nobody has taken up is given up after two minutes, and whose task stays is tried again later still. */
    private static final int LIMIT_S = 420;

    private final Cluster cluster;
    private final HostGuards guards;
    private final NovaClient nova;
    private final NovaWorkshop workshop;
    private long seenBefore;
    private boolean closed;

    private RecoveryStage(Cluster cluster, HostGuards guards, NovaClient nova) {
        this.cluster = cluster;
        this.guards = guards;
        this.nova = nova;
        this.workshop = new NovaWorkshop(nova);
    }

    /**
     * Starts everything and enables HA.
     *
     * @param guests the directory of the pid files of a host's guests
     * @param restartCompute the command that gives a host a new nova-compute
     */
    public static RecoveryStage open(
            Path directory,
            CloudBackend backend,
            int hosts,
            Function<String, Path> guests,
            Function<String, List<String>> restartCompute) {
        Cluster cluster = new Cluster(directory, Loopback.freeNet(), backend, what -> {})
                .tailored((host, its) -> its.set("gate.return", "auto")
                        .set("gate.guests", "pids:" + guests.apply(host.name()))
                        .set("gate.restart_compute", restartCompute.apply(host.name())));
        var guards = new HostGuards(cluster, guests);
        try {
            cluster.start(hosts, 0);
            cluster.hosts().forEach(host -> guards.start(host.name()));
            cluster.enable(hosts);
            var stage = new RecoveryStage(cluster, guards, new NovaClient(backend));
            Runtime.getRuntime().addShutdownHook(new Thread(stage::close, "stage-cleanup"));
            return stage;
        } catch (RuntimeException e) {
            backend.onFailure();
            guards.close();
            cluster.close();
            throw e;
        }
    }

    public Cluster cluster() {
        return cluster;
    }

    public NovaClient nova() {
        return nova;
    }

    public NovaWorkshop workshop() {
        return workshop;
    }

    /** Every host has its power, its daemon and its place again, and there is no VM. */
    public void clear() {
        cluster.await(
                "no incident is open",
                LIMIT_S,
                this::incidents,
                all -> all.stream().allMatch(i -> i.path("phase").asText().equals("closed")));
        bringBack();
        workshop.deleteAll();
        cluster.awaitVoters(voters(), cluster.hosts().size());
        seenBefore =
                incidents().stream().mapToLong(i -> i.path("id").asLong()).max().orElse(0);
    }

    /** Every host has its power, its daemon and its place again. */
    public void bringBack() {
        powerAll();
        cluster.await(
                "all are in service",
                LIMIT_S,
                this::inService,
                in -> in.size() == cluster.hosts().size());
        cluster.await(
                "Nova has all of them back",
                LIMIT_S,
                () -> cluster.hosts().stream()
                        .map(host -> nova.computeService(host.name()))
                        .toList(),
                all -> all.stream()
                        .allMatch(s -> s.path("state").asText().equals("up")
                                && s.path("status").asText().equals("enabled")
                                && !s.path("forced_down").asBoolean()));
    }

    /** Gives every host that has none its power, its guard and its daemon. */
    public void powerAll() {
        List<String> living = cluster.living().stream().map(ClusterHost::name).toList();
        for (ClusterHost host : cluster.hosts()) {
            if (!cluster.isPowered(host.name())) {
                guards.onPowerCut(host.name());
                cluster.restorePower(List.of(host.name()));
                guards.start(host.name());
            }
            if (!living.contains(host.name())) {
                cluster.startDaemon(host.name());
            }
        }
    }

    private int voters() {
        return cluster.hosts().size() >= 5 ? 5 : 3;
    }

    /** A host whose power was cut and given back by somebody else: it starts anew. */
    void startAgain(String host) {
        guards.onPowerCut(host);
        VmhadProcess.reboot(cluster.host(host));
        guards.start(host);
        cluster.startDaemon(host);
    }

    /** The AZ is disabled and enabled again through a node that has one setting changed. */
    void enableWith(String key, Object value) {
        ClusterHost first = cluster.hosts().get(0);
        cluster.stopDaemon(first.name());
        cluster.settings(first.name()).set(key, value);
        cluster.startDaemon(first.name());
        cluster.awaitVoters(voters(), cluster.hosts().size());
        new Operator(cluster, "stage").order(first.name(), "/v1/ha/" + Cluster.AZ + "/disable");
        cluster.await(
                "HA is enabled, with " + key + " " + value,
                LIMIT_S,
                cluster::askToEnable,
                reply -> reply.status() == 200);
    }

    /** The AZ is enabled anew, with what proves a host dead, such as {@code lease}. */
    public void relyOn(String proof) {
        enableWith("recovery.proofs", List.of(proof));
        if (proof.equals("lease")) { // elsewhere no host pauses, and none says that it is armed
            cluster.await(
                    "every host's record says that it is armed",
                    LIMIT_S,
                    () -> view().at("/azs/0/hosts"),
                    hosts -> count(hosts) == cluster.hosts().size());
        }
    }

    private static int count(JsonNode hosts) {
        int armed = 0;
        for (JsonNode host : hosts) {
            armed += host.path("armed").asBoolean() ? 1 : 0;
        }
        return armed;
    }

    /** The hosts that do not lead. */
    public List<String> followers() {
        String leader = cluster.leader();
        return cluster.hosts().stream()
                .map(ClusterHost::name)
                .filter(name -> !name.equals(leader))
                .toList();
    }

    /** Running VMs on a host; returns their ids. */
    public List<String> populate(String host, int count) {
        var vms = new ArrayList<String>();
        for (int i = 1; i <= count; i++) {
            workshop.boot("vm-" + i, host, Map.of());
            vms.add(workshop.id("vm-" + i));
        }
        workshop.awaitAll("ACTIVE");
        return vms;
    }

    /** The incidents since the last {@link #clear}, once so many dead hosts have theirs and all are closed. */
    public List<JsonNode> awaitClosed(int hosts) {
        return cluster.await(
                hosts + " hosts are recovered from",
                LIMIT_S,
                this::newIncidents,
                all -> all.stream().mapToInt(i -> i.path("hosts").size()).sum() >= hosts
                        && all.stream().allMatch(i -> i.path("phase").asText().equals("closed")));
    }

    /** The incidents since the last {@link #clear}, in full. */
    public List<JsonNode> newIncidents() {
        return incidents().stream()
                .filter(i -> i.path("id").asLong() > seenBefore)
                .toList();
    }

    /** All incidents in full, as the living daemon that has applied most has them. */
    private List<JsonNode> incidents() {
        Optional<ClusterHost> newest = newest();
        var found = new ArrayList<JsonNode>();
        newest.flatMap(host -> cluster.client().get(host, "/v1/incidents")).ifPresent(list -> {
            for (JsonNode incident : list) {
                cluster.client()
                        .get(
                                newest.get(),
                                "/v1/incidents/" + incident.path("id").asText())
                        .ifPresent(found::add);
            }
        });
        return found;
    }

    private JsonNode view() {
        return newest().flatMap(host -> cluster.client().get(host, "/v1/view")).orElse(MissingNode.getInstance());
    }

    private Optional<ClusterHost> newest() {
        var applied = new LinkedHashMap<ClusterHost, Long>();
        for (ClusterHost host : cluster.living()) {
            cluster.client()
                    .get(host, "/v1/view")
                    .ifPresent(view ->
                            applied.put(host, view.at("/azs/0/applied_index").asLong(-1)));
        }
        return applied.entrySet().stream()
                .max(Comparator.comparingLong(Map.Entry::getValue))
                .map(Map.Entry::getKey);
    }

    private List<String> inService() {
        var hosts = new ArrayList<String>();
        for (JsonNode host : view().at("/azs/0/hosts")) {
            if (host.path("status").asText().equals("in_service")) {
                hosts.add(host.path("host").asText());
            }
        }
        return hosts;
    }

    /** Once, also when the process is asked to end: a real cloud would go on without it. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            guards.close();
            cluster.close();
        }
    }
}

package io.vmha.testcluster.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.vmha.testcluster.FailureLogs;
import io.vmha.testcluster.cloud.CloudSettings;
import io.vmha.testcluster.cloud.CloudSettings.Delay;
import io.vmha.testcluster.cloud.ServerSpec;
import io.vmha.testcluster.cloud.SimulatedCloud;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** A running cluster on a simulated cloud, with the questions that the tests ask of it. */
final class Scene implements AutoCloseable {
    private static final Pattern ERROR_LINE = Pattern.compile("^\\S+ ERROR .*");
    private static final int ERROR_CONTEXT_LINES = 12;
    /** All waits are for something that comes: what they may take is what a slow and busy machine needs. */
    private static final int RECOVERY_LIMIT_S = 180;

    private static final int SETTLE_LIMIT_S = 90;
    private static final String PERSON = "Ada";

    final String net = Loopback.freeNet();
    final Cluster cluster;
    final Operator operator;
    private final SimulatedBackend backend;
    private final Map<String, Integer> linesRead = new TreeMap<>();
    private Optional<NovaClient> nova = Optional.empty();
    private int populated;

    /** @param outside hosts that are in no zone at first */
    Scene(Path directory, Set<String> outside, BiConsumer<ClusterHost, VmhadSettings> tailor) {
        this(directory, outside, tailor, settings -> settings);
    }

    /** @param clouds changes how long things take in the cloud */
    Scene(
            Path directory,
            Set<String> outside,
            BiConsumer<ClusterHost, VmhadSettings> tailor,
            UnaryOperator<CloudSettings> clouds) {
        var settings = CloudSettings.defaults()
                .withSharedStorage(true)
                .with(Delay.SPAWN, Duration.ofMillis(1_500))
                .with(Delay.PHASE, Duration.ofMillis(200))
                .with(Delay.COMPUTE_START, Duration.ofMillis(200));
        FailureLogs.watch(directory);
        backend = new SimulatedBackend(new InetSocketAddress(net + ".200", 5000), clouds.apply(settings), outside);
        cluster = new Cluster(directory, net, backend, what -> {}).tailored((host, its) -> {
            // the same rules as with the defaults, with shorter waits for what an older leader may still be doing
            its.set("recovery.lease", "3s").set("recovery.grace", "1s");
            its.set("openstack.request_timeout", "3s").set("openstack.call_timeout", "5s");
            its.set("fencing.defaults.off_timeout", "10s");
            tailor.accept(host, its);
        });
        operator = new Operator(cluster, PERSON);
    }

    SimulatedCloud cloud() {
        return backend.cloud();
    }

    NovaClient nova() {
        if (nova.isEmpty()) {
            nova = Optional.of(new NovaClient(backend));
        }
        return nova.get();
    }

    /** A document of one daemon; a missing node when it gives none just now. */
    JsonNode get(String host, String path) {
        return cluster.client().get(cluster.host(host), path).orElseGet(MissingNode::getInstance);
    }

    /** The view of the living daemon that has applied most. */
    JsonNode view() {
        JsonNode newest = MissingNode.getInstance();
        long newestIndex = -1;
        for (ClusterHost host : cluster.living()) {
            JsonNode view = get(host.name(), "/v1/view");
            long index = view.at("/azs/0/applied_index").asLong(-1);
            if (index > newestIndex) {
                newestIndex = index;
                newest = view;
            }
        }
        return newest;
    }

    /** The newest incident that names a host. */
    JsonNode incidentOf(String host) {
        for (JsonNode incident : view().path("incidents")) { // newest first
            if (texts(incident.path("hosts")).contains(host)) {
                return incident;
            }
        }
        return MissingNode.getInstance();
    }

    /** Looks for some seconds: nobody is declared dead. */
    void noIncidentAfter(long before, int seconds) {
        holds(
                "no incident",
                seconds,
                this::newestIncident,
                newest -> newest <= before); // a restarted daemon may know less
    }

    /** The numbers of all incidents that there have been. */
    List<Long> incidents() {
        var ids = new ArrayList<Long>();
        view().path("incidents").forEach(i -> ids.add(i.path("id").asLong()));
        return ids;
    }

    /** The number of the newest incident; 0 if there is none. */
    long newestIncident() {
        return incidents().stream().mapToLong(Long::longValue).max().orElse(0);
    }

    static List<String> texts(JsonNode array) {
        var texts = new ArrayList<String>();
        array.forEach(text -> texts.add(text.asText()));
        return texts;
    }

    /** The lines of an incident's story. */
    static List<String> story(JsonNode incident) {
        var lines = new ArrayList<String>();
        incident.path("story").forEach(note -> lines.add(note.path("text").asText()));
        return lines;
    }

    /** Waits for a line about a host in the story of its newest incident that is newer than the given one. */
    JsonNode awaitStory(String host, long afterIncident, String fragment) {
        return cluster.await(
                "the incident of " + host + " says '" + fragment + "'",
                RECOVERY_LIMIT_S,
                () -> incidentOf(host),
                incident -> incident.path("id").asLong() > afterIncident
                        && story(incident).stream().anyMatch(line -> line.contains(fragment)));
    }

    /** Waits until the newest incident of a host, newer than the given one, is in this phase. */
    JsonNode awaitPhase(String host, long afterIncident, String phase) {
        return cluster.await(
                "the incident of " + host + " is " + phase,
                RECOVERY_LIMIT_S,
                () -> incidentOf(host),
                incident -> incident.path("id").asLong() > afterIncident
                        && incident.path("phase").asText().equals(phase));
    }

    /** Looks again and again for some seconds; it must be as wanted all the time. */
    <T> void holds(String what, int seconds, Supplier<T> look, Predicate<T> wanted) {
        long until = System.nanoTime() + seconds * 1_000_000_000L;
        while (System.nanoTime() < until) {
            T seen = look.get();
            assertThat(wanted.test(seen))
                    .as("%s, all the time; seen: %s", what, seen)
                    .isTrue();
            Cluster.pause();
        }
    }

    /** The VMs that Nova has on a host. */
    List<String> vmsOn(String host) {
        return nova().servers().stream()
                .filter(vm -> vm.host().equals(host))
                .map(NovaClient.Vm::id)
                .toList();
    }

    /** Every one of these VMs is ACTIVE in Nova, on none of these hosts. */
    void assertActiveElsewhere(List<String> vms, List<String> dead) {
        assertThat(vms).as("VMs of the dead hosts").isNotEmpty();
        List<NovaClient.Vm> now = nova().servers();
        assertThat(now.stream().filter(vm -> vms.contains(vm.id())))
                .hasSameSizeAs(vms)
                .allMatch(vm -> vm.isActiveElsewhere(dead), "ACTIVE on none of " + dead);
    }

    /** How many commands that switch power have reached the BMCs of these hosts. */
    long powerCommands(List<String> hosts) {
        return hosts.stream()
                .mapToLong(host -> cluster.bmcs().commands(host).size())
                .sum();
    }

    /** The hosts of the AZ whose record says this, such as {@code in_service}. */
    List<String> hostsThatAre(String status) {
        var hosts = new ArrayList<String>();
        for (JsonNode host : view().at("/azs/0/hosts")) {
            if (host.path("status").asText().equals(status)) {
                hosts.add(host.path("host").asText());
            }
        }
        return hosts;
    }

    /** What one daemon says at once, without a person's name; 503 if it does not answer. */
    NodeClient.Reply put(String host, String path) {
        return cluster.client().put(cluster.host(host), path);
    }

    /** Lets everything that has begun end, and gives every host that is down its power, daemon, VMs and place back. */
    void settle(int zoneHosts) {
        cluster.await(
                "no incident is open",
                RECOVERY_LIMIT_S,
                () -> view().at("/azs/0/open_incidents"),
                open -> open.isArray() && open.isEmpty());
        List<String> off = cluster.hosts().stream()
                .map(ClusterHost::name)
                .filter(host -> !cluster.isPowered(host))
                .toList();
        cluster.restorePower(off);
        List<String> living = cluster.living().stream().map(ClusterHost::name).toList();
        cluster.hosts().stream()
                .map(ClusterHost::name)
                .filter(h -> !living.contains(h))
                .forEach(cluster::startDaemon);
        cluster.await(
                "the pool is whole",
                RECOVERY_LIMIT_S,
                cluster::aliveInPools,
                alive -> alive.values().stream()
                        .allMatch(count -> count >= cluster.hosts().size()));
        for (String host : hostsThatAre("down")) {
            cluster.await("Nova has " + host + " up", SETTLE_LIMIT_S, () -> nova().forceUp(host), up -> up);
            populate(host, 2);
            cluster.await(
                    host + " is returned",
                    SETTLE_LIMIT_S,
                    () -> operator.ask("/v1/hosts/" + host + "/return"),
                    reply -> reply.status() == 200 || hostsThatAre("in_service").contains(host));
        }
        cluster.awaitVoters(zoneHosts >= 5 ? 5 : 3, zoneHosts);
        cluster.await(
                "all are in service",
                SETTLE_LIMIT_S,
                () -> hostsThatAre("in_service"),
                hosts -> hosts.size() == zoneHosts);
        cluster.await("nobody is suspected", SETTLE_LIMIT_S, this::troubledAgents, List::isEmpty);
    }

    /** No daemon is missed by the leader or by any other one. */
    void awaitCalm() {
        awaitWholePool();
        cluster.await(
                "the leader misses nobody",
                SETTLE_LIMIT_S,
                () -> get(cluster.leader(), "/v1/view").path("trouble"),
                trouble -> trouble.isArray() && trouble.isEmpty());
    }

    /** Every daemon lives and sees all the others. */
    void awaitWholePool() {
        int all = cluster.hosts().size();
        cluster.await(
                "the pool is whole",
                SETTLE_LIMIT_S,
                cluster::aliveInPools,
                alive -> alive.size() == all && alive.values().stream().allMatch(count -> count >= all));
    }

    /** The daemons that the newest view has as anything but alive. */
    private List<String> troubledAgents() {
        List<String> names = cluster.hosts().stream().map(ClusterHost::name).toList();
        var troubled = new ArrayList<String>();
        for (JsonNode member : view().path("members")) {
            String name = member.path("name").asText();
            if (names.contains(name) && !member.path("status").asText().equals("alive")) {
                troubled.add(name);
            }
        }
        return troubled;
    }

    /** New VMs, as if they had run there for long. */
    void populate(String host, int vms) {
        for (int i = 0; i < vms; i++) {
            populated++;
            cloud().addServer(ServerSpec.named("vm-more-" + populated).on(host).inZone(Cluster.AZ));
        }
    }

    /** What must be true at any time, whatever was done to the cluster: no VM ran twice, S1, no VM broken by two evacuate calls. */
    void assertNothingWentWrong(String... expectedErrors) {
        assertThat(cloud().ledger().doubleRuns()).as("VMs that ran twice").isEmpty();
        assertThat(nova().servers())
                .as("VMs in Nova")
                .noneMatch(vm -> vm.status().equals("ERROR"));
        assertThat(cloud().requests().forgotten()).as("requests not checked").isZero();
        List<JsonNode> all = allIncidents();
        for (var call : cloud().requests().evacuateCalls()) {
            String server = call.path().replaceAll(".*/servers/([0-9a-f-]{36})/action.*", "$1");
            assertThat(all)
                    .as("a certificate before the evacuate call of %s at %d", server, call.atMs())
                    .anyMatch(incident -> certifies(incident, server, call.atMs()));
        }
        assertStatesAreEqual();
        assertThat(errors(Set.of(expectedErrors)))
                .as("ERROR lines in the logs of vmhad")
                .isEmpty();
    }

    /** At an equal index of the log, equal states: asked again until all voters that live were seen at one index. */
    void assertStatesAreEqual() {
        cluster.awaitEqualStates();
    }

    private List<JsonNode> allIncidents() {
        var all = new ArrayList<JsonNode>();
        String host = cluster.leader();
        for (JsonNode summary : operator.read(host, "/v1/incidents")) {
            all.add(operator.read(host, "/v1/incidents/" + summary.path("id").asText()));
        }
        return all;
    }

    private static boolean certifies(JsonNode incident, String server, long atMs) {
        long closed = incident.path("closed_at_ms").asLong(Long.MAX_VALUE);
        for (JsonNode host : incident.path("recoveries")) {
            long certified = host.at("/certificate/committed_at_ms").asLong(Long.MAX_VALUE);
            if (host.path("vms").findValuesAsText("id").contains(server) && certified <= atMs && atMs <= closed) {
                return true;
            }
        }
        return false;
    }

    /** The ERROR lines since the last look that no test expects, each with the line after it. */
    private List<String> errors(Set<String> expected) {
        var errors = new ArrayList<String>();
        for (ClusterHost host : cluster.hosts()) {
            List<String> lines = linesOf(cluster.log(host.name()));
            for (int i = linesRead.getOrDefault(host.name(), 0); i < lines.size(); i++) {
                String line = lines.get(i);
                if (ERROR_LINE.matcher(line).matches() && expected.stream().noneMatch(line::contains)) {
                    errors.add(host.name() + ": "
                            + String.join("\n", lines.subList(i, Math.min(lines.size(), i + ERROR_CONTEXT_LINES))));
                }
            }
            linesRead.put(host.name(), lines.size());
        }
        return errors;
    }

    static List<String> linesOf(Path log) {
        try {
            return Files.readAllLines(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        cluster.close();
    }
}

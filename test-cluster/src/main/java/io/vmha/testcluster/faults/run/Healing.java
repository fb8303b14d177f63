package io.vmha.testcluster.faults.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.vmha.testcluster.faults.history.Kinds;
import io.vmha.testcluster.faults.lab.Daemons;
import io.vmha.testcluster.faults.lab.LabException;
import io.vmha.testcluster.faults.lab.LabHost;
import io.vmha.testcluster.faults.lab.Shell;
import io.vmha.testcluster.faults.lab.TestBed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * What an operator does after trouble: gives hosts their power, starts daemons, decides about incidents that wait for a person, and waits
 * until everything is as it was; hosts that were recovered come back by themselves. How long that took, or what is still amiss, goes into the history.
 */
final class Healing {
    private static final long LOOK_MS = 700;
    private static final int VOTERS_MAX = 5;
    private static final Duration LOOK_LIMIT = Duration.ofSeconds(3);
    private static final Duration BUSY_LIMIT = Duration.ofSeconds(1);

    private final TestBed bed;
    private final Consumer<String> tell;
    private final long limitMs;

    Healing(TestBed bed, Consumer<String> tell) {
        this(bed, tell, bed.plan().nova().healingMs());
    }

    Healing(TestBed bed, Consumer<String> tell, long limitMs) {
        this.bed = bed;
        this.tell = tell;
        this.limitMs = limitMs;
    }

    /** Returns when all is well, or when the limit is over. True if all is well. */
    boolean settle() {
        long began = bed.history().nowMs();
        String why = "";
        do {
            JsonNode view = newest(views(LOOK_LIMIT));
            why = tended(view);
            if (why.isEmpty()) {
                return done(began, true, "");
            }
            tell.accept("healing: " + why);
            Shell.pass(LOOK_MS);
        } while (bed.history().nowMs() - began < limitMs);
        return done(began, false, why);
    }

    /** Does what is to be done now; what is amiss, empty if nothing is. */
    private String tended(JsonNode view) {
        try {
            revive(view, Set.of());
            return amiss(view);
        } catch (LabException e) {
            return e.getMessage(); // the cloud, or a host's compute service, did not answer this time
        }
    }

    /** Gives hosts their power and starts daemons, but not where somebody shall leave them alone. */
    void revive(JsonNode view, Set<LabHost> leftAlone) {
        bed.hosts().parallelStream().filter(host -> !leftAlone.contains(host)).forEach(host -> {
            if (!isUnderRecovery(view, host)) {
                bed.restorePower(host, "the operator");
            }
            bed.startDaemon(host);
        });
    }

    /**
     * What the group looks like to an operator.
     *
     * @param view of the replica that has applied most; missing if none answers
     * @param isRecovering an incident is open, a host is not in service, or a voter is missing
     * @param ailing the hosts that are not in service, or whose daemons do not answer
     */
    record Condition(JsonNode view, boolean isRecovering, Set<LabHost> ailing) {
        static Condition unknown(TestBed bed) {
            return new Condition(MissingNode.getInstance(), true, Set.copyOf(bed.hosts()));
        }

        boolean isWhole() {
            return !isRecovering && ailing.isEmpty();
        }
    }

    Condition look() {
        Map<LabHost, JsonNode> views = views(BUSY_LIMIT);
        JsonNode view = newest(views);
        var ailing = new HashSet<>(bed.hosts());
        int inService = 0;
        for (JsonNode shown : view.at("/azs/0/hosts")) {
            boolean serves = shown.path("status").asText().equals("in_service")
                    && !shown.path("maintenance").asBoolean();
            inService += serves ? 1 : 0;
            LabHost host = bed.host(shown.path("host").asText());
            if (serves && views.containsKey(host)) {
                ailing.remove(host);
            }
        }
        boolean recovering = inService < bed.hosts().size()
                || !view.at("/azs/0/open_incidents").isEmpty()
                || view.path("voters").size() != votersWanted();
        return new Condition(view, recovering, Set.copyOf(ailing));
    }

    /** What an operator does next while faults go on. */
    void attend(Condition seen) {
        JsonNode view = seen.view();
        view.at("/azs/0/open_incidents").forEach(incident -> decide(view, incident));
        for (JsonNode shown : view.at("/azs/0/hosts")) {
            LabHost host = bed.host(shown.path("host").asText());
            if (shown.path("maintenance").asBoolean()) {
                put(view, "/v1/hosts/" + host.name() + "/maintenance?on=false");
            }
        }
    }

    private int votersWanted() {
        int hosts = bed.hosts().size();
        return Math.min(hosts >= VOTERS_MAX ? VOTERS_MAX : 3, hosts);
    }

    private boolean done(long began, boolean ok, String why) {
        long took = bed.history().nowMs() - began;
        bed.history()
                .record(
                        Kinds.CONVERGED,
                        event -> event.put("ok", ok).put("took_ms", took).put("why", why));
        return ok;
    }

    /** Does what an operator would do next, and says what is not yet well; empty when all is. */
    private String amiss(JsonNode view) {
        if (view.isMissingNode()) {
            return "no daemon shows a state";
        }
        List<String> wanting = new ArrayList<>();
        for (JsonNode incident : view.at("/azs/0/open_incidents")) {
            wanting.add("incident " + incident.path("id").asText() + " is "
                    + incident.path("phase").asText());
            decide(view, incident);
        }
        for (JsonNode host : view.at("/azs/0/hosts")) {
            if (host.path("maintenance").asBoolean()) {
                put(view, "/v1/hosts/" + host.path("host").asText() + "/maintenance?on=false");
                wanting.add(host.path("host").asText() + " is in maintenance");
            } else if (!host.path("status").asText().equals("in_service")) {
                wanting.add(host.path("host").asText() + " is "
                        + host.path("status").asText());
            }
        }
        if (!wanting.isEmpty()) {
            return String.join(", ", wanting);
        }
        return bed.living().size() < bed.hosts().size() ? "a daemon does not run" : restAmiss(view);
    }

    /** Nobody switches a host on while it is being fenced. */
    private static boolean isUnderRecovery(JsonNode view, LabHost host) {
        for (JsonNode incident : view.at("/azs/0/open_incidents")) {
            for (JsonNode name : incident.path("hosts")) {
                if (name.asText().equals(host.name())) {
                    return true;
                }
            }
        }
        return false;
    }

    private String restAmiss(JsonNode view) {
        int hosts = bed.hosts().size();
        if (view.at("/azs/0/hosts").size() < hosts) {
            bed.hosts().forEach(host -> bed.admin().aggregate("add_host", host.name()));
            return "the group has " + view.at("/azs/0/hosts").size() + " of " + hosts + " hosts";
        }
        if (view.path("voters").size() != votersWanted()) {
            return view.path("voters").size() + " voters instead of " + votersWanted();
        }
        if (bed.leader().isEmpty()) {
            return "nobody leads";
        }
        if (bed.plan().guests().isGuarded()) {
            for (JsonNode host : view.at("/azs/0/hosts")) {
                if (!host.path("armed").asBoolean()) {
                    return "the guard of " + host.path("host").asText() + " is not armed";
                }
            }
        }
        for (LabHost host : bed.hosts()) {
            int alive = bed.aliveInPool(host);
            if (alive != hosts) {
                return host.name() + " sees " + alive + " of " + hosts + " members alive";
            }
            if (!bed.computeIsHeard(host)) {
                return "the nova-compute of " + host.name() + " is not heard";
            }
        }
        if (bed.serf().isPresent() && bed.serf().get().alive().size() != hosts + 1) {
            return "the stock serf sees " + bed.serf().get().alive().size() + " of " + (hosts + 1) + " members alive";
        }
        return novaAmiss();
    }

    private String novaAmiss() {
        for (LabHost host : bed.hosts()) {
            if (bed.cloud().isHeldDown(host)) {
                bed.restartCompute(host);
                Shell.await(
                        bed.plan().nova().serviceMs(),
                        () -> bed.cloud().isComputeAlive(host) && bed.admin().forceUp(host.name()));
                return "Nova had " + host.name() + " down or disabled";
            }
        }
        Map<String, List<JsonNode>> byHost = new TreeMap<>();
        bed.hosts().forEach(host -> byHost.put(host.name(), new ArrayList<>()));
        for (JsonNode server : bed.admin().servers()) {
            String status = server.path("status").asText();
            if (status.equals("SHUTOFF")) {
                bed.admin().act(server.path("id").asText(), "os-start");
                return server.path("name").asText() + " was shut off with its host";
            }
            if (status.equals("ERROR") && !server.path("launched").asBoolean(true)) {
                bed.admin().delete(server.path("id").asText());
                return server.path("name").asText() + " could not be booted";
            }
            if (status.equals("BUILD")) {
                bed.admin().delete(server.path("id").asText());
                return server.path("name").asText() + " was being built";
            }
            if (!server.path("task").asText().isEmpty()) {
                return server.path("name").asText() + " is "
                        + server.path("task").asText();
            }
            byHost.getOrDefault(server.path("host").asText(), new ArrayList<>()).add(server);
        }
        return balance(byHost);
    }

    /** A host without VMs is given one, so that its next death matters; where there are too many, one is deleted. */
    private String balance(Map<String, List<JsonNode>> byHost) {
        int each = bed.plan().vmsPerHost();
        boolean changed = false;
        for (var entry : byHost.entrySet()) {
            if (entry.getValue().isEmpty() && each > 0) {
                changed |= bed.admin()
                        .create("vm-" + entry.getKey() + "-" + bed.history().nowMs(), entry.getKey());
            } else if (entry.getValue().size() > 2 * each + 2) {
                changed |= bed.admin().delete(entry.getValue().get(0).path("id").asText());
            }
        }
        if (changed) {
            Shell.await(
                    bed.plan().nova().serviceMs(), () -> isAtRest(bed.admin().servers()));
        }
        return "";
    }

    private static boolean isAtRest(JsonNode servers) {
        for (JsonNode server : servers) {
            if (server.path("status").asText().equals("BUILD")
                    || !server.path("task").asText().isEmpty()) {
                return false;
            }
        }
        return true;
    }

    private Map<LabHost, JsonNode> views(Duration limit) {
        return bed.daemons().get(bed.living(), "/v1/view", limit);
    }

    private static JsonNode newest(Map<LabHost, JsonNode> views) {
        JsonNode newest = MissingNode.getInstance();
        long index = -1;
        for (JsonNode view : views.values()) {
            if (view.at("/azs/0/applied_index").asLong(-1) > index) {
                index = view.at("/azs/0/applied_index").asLong();
                newest = view;
            }
        }
        return newest;
    }

    /** An incident that waits for a person: its hosts all live by now, so it is cancelled, if that is still allowed; else approved. */
    private void decide(JsonNode view, JsonNode incident) {
        if (!incident.path("phase").asText().equals("held")) {
            return;
        }
        List<String> hosts = new ArrayList<>();
        incident.path("hosts").forEach(host -> hosts.add(host.asText()));
        String id = incident.path("id").asText();
        hosts.forEach(host -> put(view, "/v1/hosts/" + host + "/maintenance?on=true"));
        if (put(view, "/v1/incidents/" + id + "/cancel") != 200) {
            put(view, "/v1/incidents/" + id + "/approve");
        }
        hosts.forEach(host -> put(view, "/v1/hosts/" + host + "/maintenance?on=false"));
    }

    private int put(JsonNode view, String path) {
        LabHost at = bed.hosts().stream()
                .filter(host -> host.name().equals(view.at("/leader/host").asText("")))
                .findFirst()
                .orElse(bed.hosts().get(0));
        Daemons.Reply reply = bed.daemons().put(at, path);
        bed.history()
                .record(
                        Kinds.OPERATOR,
                        event -> event.put("what", path.replace("/v1/", ""))
                                .put("host", at.name())
                                .put("ok", reply.status() == 200)
                                .put(
                                        "answer",
                                        reply.body()
                                                .substring(
                                                        0,
                                                        Math.min(
                                                                160,
                                                                reply.body().length()))));
        return reply.status();
    }
}

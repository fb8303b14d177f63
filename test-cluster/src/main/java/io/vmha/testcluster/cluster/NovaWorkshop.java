package io.vmha.testcluster.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;

/** Makes VMs on a real OpenStack and brings them into the states that somebody wants, as their owner or an administrator would. */
public final class NovaWorkshop {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String VERSION = "2.73";
    private static final int LIMIT_S = 240;
    private static final int DELETE_AGAIN_ROUNDS = 40;
    /** For a cloud that has no images. */
    private static final String ANY_IMAGE = "6f1d7d3a-8f0c-4f5e-9d64-1f0a2b3c4d5e";

    private final NovaClient nova;
    private final Map<String, String> ids = new TreeMap<>();
    private final String image;

    public NovaWorkshop(NovaClient nova) {
        this.nova = nova;
        this.image = image(nova);
    }

    private static String image(NovaClient nova) {
        try {
            return nova.call("GET", "/images?name=tiny", "2.1", "")
                    .at("/images/0/id")
                    .asText();
        } catch (ClusterException e) {
            return ANY_IMAGE; // the simulated Nova does not look for it
        }
    }

    /** Asks for a VM on this host. */
    public void boot(String name, String host, Map<String, String> metadata) {
        ObjectNode body = JSON.createObjectNode();
        ObjectNode server = body.putObject("server")
                .put("name", name)
                .put("imageRef", image)
                .put("flavorRef", "tiny")
                .put("networks", "none")
                .put("availability_zone", Cluster.AZ + ":" + host);
        ObjectNode tags = server.putObject("metadata");
        metadata.forEach(tags::put);
        ids.put(
                name,
                nova.call("POST", "/servers", VERSION, body.toString())
                        .at("/server/id")
                        .asText());
    }

    /** A server action, by its body. */
    public void act(String name, String body) {
        nova.call("POST", "/servers/" + id(name) + "/action", VERSION, body);
    }

    /** Asks for the end of a VM, as its owner does. */
    public void delete(String name) {
        nova.call("DELETE", "/servers/" + id(name), VERSION, "");
    }

    /** The end of every VM of this cloud; returns when Nova knows none any more. */
    public void deleteAll() {
        long until = System.nanoTime() + LIMIT_S * 1_000_000_000L;
        int round = 0;
        for (List<NovaClient.Vm> left = nova.servers(); !left.isEmpty(); left = nova.servers()) {
            if (System.nanoTime() > until) {
                throw new ClusterException("Nova does not delete " + left);
            }
            // what was asked of a host that died meanwhile is asked again
            if (round++ % DELETE_AGAIN_ROUNDS == 0) {
                left.forEach(vm -> quietly("DELETE", "/servers/" + vm.id()));
            }
            Cluster.pause();
        }
        ids.clear();
    }

    private void quietly(String method, String path) {
        try {
            nova.call(method, path, VERSION, "");
        } catch (ClusterException e) {
            // it is tried again, or it is gone by now
        }
    }

    /** Waits for all that were booted here. */
    public void awaitAll(String status) {
        ids.keySet().forEach(name -> await(name, status));
    }

    /** Waits until a VM has this status and nothing is done about it any more. */
    public void await(String name, String status) {
        await(
                name,
                "status " + status,
                s -> s.path("status").asText().equals(status)
                        && s.path("OS-EXT-STS:task_state").isNull());
    }

    /** Waits until Nova does this with a VM. */
    public void awaitTask(String name, String task) {
        await(
                name,
                "task " + task,
                s -> s.path("OS-EXT-STS:task_state").asText().equals(task));
    }

    private void await(String name, String what, Predicate<JsonNode> wanted) {
        long until = System.nanoTime() + LIMIT_S * 1_000_000_000L;
        JsonNode seen = show(id(name));
        while (!wanted.test(seen)) {
            if (System.nanoTime() > until || seen.path("status").asText().equals("ERROR")) {
                throw new ClusterException(name + " has not come to " + what + "; Nova has " + seen);
            }
            Cluster.pause();
            seen = show(id(name));
        }
    }

    public boolean isLocked(String id) {
        return show(id).path("locked").asBoolean();
    }

    /** Why a VM is locked; empty if Nova knows no reason. */
    public String lockedReason(String name) {
        return show(id(name)).path("locked_reason").asText("");
    }

    private JsonNode show(String id) {
        return nova.call("GET", "/servers/" + id, VERSION, "").path("server");
    }

    /** Nova's id of a VM that was booted here. */
    public String id(String name) {
        return Optional.ofNullable(ids.get(name))
                .orElseThrow(() -> new IllegalArgumentException("no VM " + name + " among " + ids.keySet()));
    }
}

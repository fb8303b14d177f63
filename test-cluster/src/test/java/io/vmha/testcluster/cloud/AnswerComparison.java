package io.vmha.testcluster.cloud;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Compares an answer with a recorded one: keys and types must be the same, and so must the values, except those that differ between
 * any two clouds (times, generated ids, which host the scheduler chose).
 */
final class AnswerComparison {
    /** Only the type and the presence are compared. */
    private static final Set<String> GENERATED = Set.of(
            "uuid",
            "created_at",
            "updated_at",
            "created",
            "updated",
            "OS-SRV-USG:launched_at",
            "hostId",
            "tenant_id",
            "user_id",
            "project_id",
            "request_id",
            "start_time",
            "audit_ids",
            "expires_at",
            "issued_at",
            "adminPass",
            "host_ip",
            "OS-EXT-SRV-ATTR:reservation_id",
            "OS-EXT-SRV-ATTR:instance_name");
    /** Chosen by the scheduler: any host but the dead one is the same. */
    private static final Set<String> CHOSEN = Set.of(
            "dest_compute", "dest_node", "dest_host", "OS-EXT-SRV-ATTR:host", "OS-EXT-SRV-ATTR:hypervisor_hostname");

    private static final String POWER = "OS-EXT-STS:power_state";

    private final List<String> differences = new ArrayList<>();

    static List<String> differences(JsonNode recorded, JsonNode found) {
        AnswerComparison comparison = new AnswerComparison();
        comparison.compare("", "", recorded, found);
        return comparison.differences;
    }

    private void compare(String path, String key, JsonNode recorded, JsonNode found) {
        if (recorded.getNodeType() != found.getNodeType()) {
            differ(path, recorded, found);
        } else if (recorded.isObject()) {
            compareObjects(path, recorded, found);
        } else if (key.equals("catalog")) {
            compareCatalogs(path, recorded, found);
        } else if (recorded.isArray()) {
            compareArrays(path, key, recorded, found);
        } else if (!GENERATED.contains(key) && !normal(path, key, recorded).equals(normal(path, key, found))) {
            differ(path, recorded, found);
        }
    }

    private void compareObjects(String path, JsonNode recorded, JsonNode found) {
        Set<String> recordedKeys = new TreeSet<>();
        recorded.fieldNames().forEachRemaining(recordedKeys::add);
        Set<String> foundKeys = new TreeSet<>();
        found.fieldNames().forEachRemaining(foundKeys::add);
        if (!recordedKeys.equals(foundKeys)) {
            differences.add(path + ": keys recorded " + recordedKeys + " but found " + foundKeys);
            return;
        }
        // the recording's guest driver reports other power states for a paused guest and one whose record was set to
        // error
        boolean isOddPower =
                Set.of("PAUSED", "ERROR").contains(recorded.path("status").asText());
        for (String key : recordedKeys) {
            if (!(isOddPower && key.equals(POWER))) {
                compare(path + "/" + key, key, recorded.get(key), found.get(key));
            }
        }
    }

    private void compareArrays(String path, String key, JsonNode recorded, JsonNode found) {
        if (GENERATED.contains(key)) {
            return;
        }
        if (recorded.size() != found.size()) {
            differences.add(path + ": " + recorded.size() + " elements recorded but " + found.size() + " found");
            return;
        }
        JsonNode left = key.equals("migrations") ? sorted(recorded) : recorded; // no order below 2.59
        JsonNode right = key.equals("migrations") ? sorted(found) : found;
        for (int i = 0; i < left.size(); i++) {
            compare(path + "/" + i, "", left.get(i), right.get(i));
        }
    }

    private static ArrayNode sorted(JsonNode migrations) {
        List<JsonNode> elements = new ArrayList<>();
        migrations.forEach(elements::add);
        elements.sort(Comparator.comparing(
                        (JsonNode each) -> each.path("instance_uuid").asText())
                .thenComparing(each -> each.path("id").asLong()));
        return Json.object().arrayNode().addAll(elements);
    }

    /** The simulated catalog offers fewer services; those it offers look alike. */
    private void compareCatalogs(String path, JsonNode recorded, JsonNode found) {
        for (JsonNode service : found) {
            for (JsonNode candidate : recorded) {
                if (candidate.path("type").equals(service.path("type"))) {
                    Set<String> keys = new TreeSet<>();
                    candidate.at("/endpoints/0").fieldNames().forEachRemaining(keys::add);
                    Set<String> foundKeys = new TreeSet<>();
                    service.at("/endpoints/0").fieldNames().forEachRemaining(foundKeys::add);
                    if (!keys.equals(foundKeys)
                            || candidate.at("/endpoints").size()
                                    != service.at("/endpoints").size()) {
                        differ(path + "/" + service.path("type").asText(), candidate, service);
                    }
                }
            }
        }
        if (found.findValuesAsText("type").stream().noneMatch("compute"::equals)) {
            differences.add(path + ": no compute service");
        }
    }

    private static String normal(String path, String key, JsonNode value) {
        String text = value.asText().replaceAll("http://[^/\"]*", "http://cloud");
        if (CHOSEN.contains(key)) {
            return text.equals("hv1") ? text : "(a live host)";
        }
        if (key.equals("id")
                && (path.contains("/migrations/") || path.contains("/token/") || path.contains("hypervisors"))) {
            return "(generated)";
        }
        if ((key.equals("id") && path.contains("/services/")) || path.equals("/service/id")) {
            return value.isNumber() ? text : "(generated)";
        }
        return text;
    }

    private void differ(String path, JsonNode recorded, JsonNode found) {
        differences.add(path + ": recorded " + recorded + " but found " + found);
    }
}

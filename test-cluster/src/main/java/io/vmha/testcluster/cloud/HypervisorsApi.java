package io.vmha.testcluster.cloud;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmha.testcluster.cloud.CloudSettings.Delay;
import java.util.LinkedHashMap;
import java.util.Map;

/** {@code /os-hypervisors} and {@code /os-availability-zone}: the hosts as Nova sees them. */
final class HypervisorsApi {
    static final String CONTROLLER = "vm";
    private static final String CPU_INFO = "{\"arch\": \"x86_64\", \"model\": \"Nehalem\", \"vendor\": \"Intel\","
            + " \"features\": [\"pge\", \"clflush\"], \"topology\": {\"cores\": 1, \"threads\": 1, \"sockets\": 4}}";
    private static final int MEMORY_MB = 262_144;
    private static final int DISK_GB = 4096;

    private final Region region;

    HypervisorsApi(Region region) {
        this.region = region;
    }

    Answer answer(Request request, Microversion version) {
        boolean isHypervisors = request.segment(1).equals("os-hypervisors");
        boolean isDetail = request.is("GET", 3) && request.segment(2).equals("detail");
        if (!isDetail && !request.is("GET", 2)) {
            throw NovaApi.unknown();
        }
        return isHypervisors ? hypervisors(isDetail, version) : zones(isDetail);
    }

    private Answer hypervisors(boolean detail, Microversion version) {
        ObjectNode body = Json.object();
        ArrayNode list = body.putArray("hypervisors");
        boolean waits = false;
        for (ComputeHost host : region.hosts.values()) {
            ObjectNode node = list.addObject();
            if (version.atLeast(53)) {
                node.put("id", host.nodeUuid);
            } else {
                node.put("id", host.number);
            }
            node.put("hypervisor_hostname", host.name).put("state", region.isUp(host) ? "up" : "down");
            node.put("status", host.disabled ? "disabled" : "enabled");
            if (detail) {
                waits |= version.atLeast(88) && region.isSilentButUp(host);
                addDetail(node, host, version);
            }
        }
        Answer answer = Answer.ok(body);
        return waits ? answer.after(region.settings.delay(Delay.RPC_TIMEOUT)) : answer;
    }

    private void addDetail(ObjectNode node, ComputeHost host, Microversion version) {
        node.put("hypervisor_type", "fake").put("hypervisor_version", 1000).put("host_ip", host.ip());
        ObjectNode service = node.putObject("service");
        if (version.atLeast(53)) {
            service.put("id", host.serviceUuid);
        } else {
            service.put("id", ServicesApi.idOf(host));
        }
        service.put("host", host.name);
        Json.put(service, "disabled_reason", host.disabledReason);
        if (version.atLeast(88)) {
            node.putNull("uptime");
            return;
        }
        int guests = (int) region.servers.values().stream()
                .filter(server -> server.host.equals(host.name))
                .count();
        int memoryUsed = 512 + 64 * guests;
        node.put("vcpus", 64).put("memory_mb", MEMORY_MB).put("local_gb", DISK_GB);
        node.put("vcpus_used", guests).put("memory_mb_used", memoryUsed).put("local_gb_used", guests);
        node.put("free_ram_mb", MEMORY_MB - memoryUsed).put("free_disk_gb", DISK_GB - guests);
        node.put("current_workload", 0).put("running_vms", guests).put("disk_available_least", 0);
        if (version.atLeast(28)) {
            node.set("cpu_info", Json.read(CPU_INFO.getBytes(java.nio.charset.StandardCharsets.UTF_8)));
        } else {
            node.put("cpu_info", CPU_INFO);
        }
    }

    private Answer zones(boolean detail) {
        Map<String, ObjectNode> hostsByZone = new LinkedHashMap<>();
        for (ComputeHost host : region.hosts.values()) {
            if (!host.disabled) { // nova/availability_zones.py, get_availability_zones: enabled services only
                long seenMs = host.isAlive() ? region.nowMs() : host.seenAtMs;
                hostsByZone
                        .computeIfAbsent(region.zoneOf(host.name), ignored -> Json.object())
                        .set(
                                host.name,
                                Json.object()
                                        .set(
                                                ServicesApi.COMPUTE,
                                                liveness(region.isUp(host), Math.max(seenMs, host.changedAtMs))));
            }
        }
        ObjectNode controller = Json.object();
        controller.set("nova-scheduler", liveness(true, region.nowMs()));
        controller.set("nova-conductor", liveness(true, region.nowMs()));
        if (detail) {
            hostsByZone.put("internal", Json.object().set(CONTROLLER, controller));
        }
        ObjectNode body = Json.object();
        ArrayNode zones = body.putArray("availabilityZoneInfo");
        hostsByZone.forEach((zone, hosts) -> {
            ObjectNode node = zones.addObject().put("zoneName", zone);
            node.putObject("zoneState").put("available", true);
            if (detail) {
                node.set("hosts", hosts);
            } else {
                node.putNull("hosts");
            }
        });
        return Answer.ok(body);
    }

    private static ObjectNode liveness(boolean up, long seenMs) {
        return Json.object().put("available", up).put("active", true).put("updated_at", Timestamps.micros(seenMs));
    }
}

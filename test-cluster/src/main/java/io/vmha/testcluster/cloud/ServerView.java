package io.vmha.testcluster.cloud;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmha.testcluster.cloud.ServerSpec.VmState;
import java.math.BigInteger;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Locale;
import java.util.Set;

/** A server as the API shows it to an administrator, key by key, by microversion. */
final class ServerView {
    private static final Set<String> STATUSES_WITH_PROGRESS = // nova api/openstack/compute/views/servers.py
            Set.of("ACTIVE", "BUILD", "DELETED", "MIGRATING", "RESIZE", "REBUILD");
    private static final String IMAGE = "fd12ab38-96a3-4f2d-95b3-197c77d80df8";
    private static final String EXT_ATTR = "OS-EXT-SRV-ATTR:";

    private final Region region;

    ServerView(Region region) {
        this.region = region;
    }

    ObjectNode show(ServerRecord server, URI base, Microversion version, boolean single) {
        ObjectNode node = Json.object().put("id", server.id).put("name", server.name);
        String status = server.status();
        node.put("status", status).put("tenant_id", server.projectId).put("user_id", Region.ADMIN_USER);
        ObjectNode metadata = node.putObject("metadata");
        server.metadata.forEach(metadata::put);
        node.put("hostId", hostId(server));
        addImageAndFlavor(node, server, base, version);
        node.put("created", Timestamps.seconds(server.createdAtMs));
        node.put("updated", Timestamps.seconds(server.updatedAtMs));
        node.putObject("addresses");
        node.put("accessIPv4", "").put("accessIPv6", "");
        node.set("links", links(server, base).path("links"));
        node.put("OS-DCF:diskConfig", "MANUAL");
        if (STATUSES_WITH_PROGRESS.contains(status)) {
            node.put("progress", 0);
        }
        server.fault.ifPresent(message -> node.putObject("fault")
                .put("code", 500)
                .put("created", Timestamps.seconds(server.updatedAtMs))
                .put("message", message));
        boolean isPlaced = !server.host.isEmpty();
        node.put("OS-EXT-AZ:availability_zone", isPlaced ? region.zoneOf(server.host) : "");
        node.put("config_drive", "").putNull("key_name");
        Json.put(node, "OS-SRV-USG:launched_at", Timestamps.micros(server.launchedAtMs));
        node.putNull("OS-SRV-USG:terminated_at");
        addExtendedAttributes(node, server, version);
        Json.put(node, "OS-EXT-STS:task_state", server.taskState);
        node.put("OS-EXT-STS:vm_state", server.vmState.word()).put("OS-EXT-STS:power_state", server.powerState);
        var volumes = node.putArray("os-extended-volumes:volumes_attached");
        if (server.volumeBacked) {
            ObjectNode volume = volumes.addObject().put("id", server.id);
            if (version.atLeast(3)) {
                volume.put("delete_on_termination", false);
            }
        }
        addNewer(node, server, version, single);
        return node;
    }

    private void addImageAndFlavor(ObjectNode node, ServerRecord server, URI base, Microversion version) {
        if (server.volumeBacked) {
            node.put("image", "");
        } else {
            ObjectNode image = node.putObject("image").put("id", IMAGE);
            image.putArray("links").addObject().put("rel", "bookmark").put("href", base + "/images/" + IMAGE);
        }
        ObjectNode flavor = node.putObject("flavor");
        if (version.atLeast(47)) {
            flavor.put("vcpus", 1)
                    .put("ram", 64)
                    .put("disk", 1)
                    .put("ephemeral", 0)
                    .put("swap", 0);
            flavor.put("original_name", "tiny").putObject("extra_specs");
        } else {
            flavor.put("id", "tiny");
            flavor.putArray("links").addObject().put("rel", "bookmark").put("href", base + "/flavors/tiny");
        }
    }

    private static void addExtendedAttributes(ObjectNode node, ServerRecord server, Microversion version) {
        if (server.host.isEmpty()) {
            node.putNull(EXT_ATTR + "host");
        } else {
            node.put(EXT_ATTR + "host", server.host);
        }
        node.put(EXT_ATTR + "instance_name", String.format(Locale.ROOT, "instance-%08x", server.number));
        node.set(EXT_ATTR + "hypervisor_hostname", node.get(EXT_ATTR + "host"));
        if (version.atLeast(3)) {
            node.put(EXT_ATTR + "reservation_id", "r-" + server.id.substring(0, Math.min(8, server.id.length())));
            node.put(EXT_ATTR + "launch_index", 0).put(EXT_ATTR + "hostname", hostname(server.name));
            node.put(EXT_ATTR + "kernel_id", "").put(EXT_ATTR + "ramdisk_id", "");
            node.put(EXT_ATTR + "root_device_name", "/dev/sda").putNull(EXT_ATTR + "user_data");
        }
    }

    private void addNewer(ObjectNode node, ServerRecord server, Microversion version, boolean single) {
        if (version.atLeast(16)) {
            node.put("host_status", hostStatus(server));
        }
        if (version.atLeast(9)) {
            node.put("locked", server.locked);
        }
        if (version.atLeast(73)) {
            Json.put(node, "locked_reason", server.lockedReason);
        }
        if (version.atLeast(19)) {
            node.putNull("description");
        }
        if (version.atLeast(26)) {
            node.putArray("tags");
        }
        if (version.atLeast(63)) {
            node.putNull("trusted_image_certificates");
        }
        if (version.atLeast(71) && single) {
            node.putArray("server_groups");
        }
    }

    private String hostStatus(ServerRecord server) {
        if (server.host.isEmpty()) {
            return "";
        }
        ComputeHost host = region.host(server.host);
        if (host.forcedDown) { // the order is that of nova compute/api.py, get_instance_host_status
            return "DOWN";
        }
        if (host.disabled) {
            return "MAINTENANCE";
        }
        return region.isUp(host) ? "UP" : "UNKNOWN";
    }

    static ObjectNode links(ServerRecord server, URI base) {
        ObjectNode node = Json.object();
        var links = node.putArray("links");
        links.addObject().put("rel", "self").put("href", base + "/v2.1/servers/" + server.id);
        links.addObject().put("rel", "bookmark").put("href", base + "/servers/" + server.id);
        return node;
    }

    /** The guest's name for itself: nova utils.py, sanitize_hostname. */
    private static String hostname(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[ _.]", "-").replaceAll("[^a-z0-9-]", "");
    }

    /** The host, disguised for users: nova objects/instance.py, hostId. */
    private static String hostId(ServerRecord server) {
        if (server.host.isEmpty() || server.vmState == VmState.BUILDING) {
            return "";
        }
        try {
            byte[] digest = MessageDigest.getInstance("SHA-224")
                    .digest((server.projectId + server.host).getBytes(StandardCharsets.UTF_8));
            return String.format(Locale.ROOT, "%056x", new BigInteger(1, digest));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no SHA-224", e);
        }
    }
}

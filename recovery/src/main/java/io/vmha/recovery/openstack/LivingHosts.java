package io.vmha.recovery.openstack;

import io.vmha.recovery.core.ComputeService;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Migration;
import io.vmha.recovery.core.Operations;
import io.vmha.recovery.core.Rest;
import io.vmha.recovery.core.Server;
import io.vmha.recovery.core.ServerId;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What Nova does for VMs on hosts that live. Each action is one request and never repeated: its caller reads first, and reads again when the
 * outcome is unknown.
 */
final class LivingHosts implements Operations {
    private static final Set<Integer> TAKEN = Set.of(202, 204);
    private static final Logger LOG = LoggerFactory.getLogger(LivingHosts.class);

    private final NovaCompute compute;
    private final NovaLink nova;
    private final OpenStackConfig.TimeLimits limits;

    LivingHosts(NovaCompute compute, NovaLink nova, OpenStackConfig.TimeLimits limits) {
        this.compute = compute;
        this.nova = nova;
        this.limits = limits;
    }

    @Override
    public Optional<Server> server(ServerId id) {
        return compute.server(id);
    }

    @Override
    public List<Server> withImages(List<Server> servers) {
        return compute.withImages(servers);
    }

    @Override
    public List<Server> serversOn(HostName host) {
        return compute.serversOn(host);
    }

    @Override
    public List<ComputeService> computeServices() {
        return compute.computeServices();
    }

    @Override
    public void disableLiving(HostName host, String reason) {
        compute.disableLiving(host, reason);
    }

    @Override
    public void forceUp(HostName host) {
        compute.forceUp(host);
    }

    @Override
    public void enable(HostName host) {
        compute.enable(host);
    }

    @Override
    public void restart(ServerId server) {
        act(server, "reboot", Map.of("type", "HARD"));
    }

    @Override
    public void migrateLive(ServerId server) {
        var body = new HashMap<String, Object>();
        body.put("host", null); // the scheduler chooses
        body.put("block_migration", "auto");
        act(server, "os-migrateLive", body);
    }

    @Override
    public void migrateCold(ServerId server) {
        act(server, "migrate", null);
    }

    @Override
    public void confirmMigration(ServerId server) {
        act(server, "confirmResize", null);
    }

    @Override
    public List<Migration> evacuationsFrom(HostName host) {
        return compute.evacuationsFrom(host);
    }

    @Override
    public void callActive(ServerId server) {
        act(server, "os-resetState", Map.of("state", "active"));
    }

    @Override
    public void rest(ServerId server, Rest how) {
        compute.rest(server, how);
    }

    private void act(ServerId id, String action, Map<String, ?> body) {
        var deadline = Deadline.after(limits.request());
        var path = "/servers/" + NovaCompute.encoded(id.value()) + "/action";
        var reply = nova.call(
                "POST", path, compute.serverVersion(deadline), Collections.singletonMap(action, body), deadline);
        if (!TAKEN.contains(reply.answer().status())) {
            throw NovaLink.failure(reply.call(), reply.answer());
        }
        LOG.info("nova accepted action server={} action={}", id, action);
    }

    /** By the field that Nova has up to 2.87; later ones leave it to Placement. */
    @Override
    public Optional<SortedMap<HostName, Long>> freeMemoryMb() {
        return nova.read("/os-hypervisors/detail", Microversion.SERVICES, Deadline.after(limits.call()), reply -> {
            var free = new TreeMap<HostName, Long>();
            for (var node : NovaRecords.list(reply, reply.json(), "hypervisors")) {
                var host = node.path("service").path("host");
                if (!host.isTextual() || !node.path("free_ram_mb").isIntegralNumber()) {
                    return Optional.empty();
                }
                free.merge(
                        new HostName(host.textValue()), node.path("free_ram_mb").longValue(), Long::sum);
            }
            return Optional.of(free);
        });
    }
}

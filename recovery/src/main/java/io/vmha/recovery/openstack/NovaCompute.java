package io.vmha.recovery.openstack;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.recovery.core.Aggregate;
import io.vmha.recovery.core.Compute;
import io.vmha.recovery.core.ComputeException;
import io.vmha.recovery.core.ComputeException.Kind;
import io.vmha.recovery.core.ComputeService;
import io.vmha.recovery.core.Handling;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Migration;
import io.vmha.recovery.core.Operations;
import io.vmha.recovery.core.ReserveRecords;
import io.vmha.recovery.core.Rest;
import io.vmha.recovery.core.Server;
import io.vmha.recovery.core.ServerId;
import io.vmha.recovery.core.ServiceRecords;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The real Nova, Queens (2.59) or newer, reached with a password through Keystone. Safe for use by many threads. */
public final class NovaCompute implements Compute, ServiceRecords, ReserveRecords, AutoCloseable {
    /** 64 KiB of user data each: a page stays below the limit of an answer. */
    static final int SERVERS_PER_PAGE = 100;

    private static final int MIGRATIONS_PER_PAGE = 1000; // Nova's own limit
    private static final int SERVER_PAGES_MAX = 100;
    /** A host's newest 5000 evacuations; older ones no longer matter to anybody. */
    private static final int MIGRATION_PAGES_MAX = 5;

    private static final int REASON_LENGTH_MAX = 255; // Nova's column services.disabled_reason
    private static final Microversion.Range EVACUATE_BOUNDS =
            new Microversion.Range(Microversion.EVACUATE_MIN, Microversion.EVACUATE_MAX);
    private static final Logger LOG = LoggerFactory.getLogger(NovaCompute.class);

    private final OpenStackConfig.TimeLimits limits;
    private final HttpLink link;
    private final NovaLink nova;
    private final ServerActions actions;
    private final Glance glance;

    /** Connects to nothing yet. Throws {@link IllegalArgumentException} if {@code ca_file} cannot be used. */
    public NovaCompute(OpenStackConfig config) {
        limits = config.limits();
        link = new HttpLink(limits, Trust.of(config.caFile()));
        link.learn(config.authUrl());
        var sessions = new Sessions(new Keystone(config, link));
        nova = new NovaLink(link, sessions);
        actions = new ServerActions(nova);
        glance = new Glance(link, sessions, nova);
    }

    private NovaCompute(NovaCompute whole, BooleanSupplier stands) {
        limits = whole.limits;
        link = whole.link;
        nova = whole.nova.onlyWhile(stands);
        actions = new ServerActions(nova);
        glance = whole.glance;
    }

    /**
     * The same Nova over the same connections; what changes anything is sent only while this holds, asked right before each request leaves, also
     * before one that is repeated. Need not be closed.
     */
    public NovaCompute onlyWhile(BooleanSupplier stands) {
        return new NovaCompute(this, stands);
    }

    /** What Nova does for VMs on hosts that live. */
    public Operations operations() {
        return new LivingHosts(this, nova, limits);
    }

    @Override
    public List<Aggregate> aggregates() {
        return nova.read("/os-aggregates", Microversion.SERVICES, deadline(), NovaRecords::aggregates);
    }

    @Override
    public List<ComputeService> computeServices() {
        return nova.read("/os-services?binary=nova-compute", Microversion.SERVICES, deadline(), NovaRecords::services);
    }

    @Override
    public List<Server> serversOn(HostName host) {
        var path = "/servers/detail?all_tenants=true&host=" + encoded(host.value()) + "&limit=" + SERVERS_PER_PAGE;
        var pages = new Pages<>("servers_links", SERVER_PAGES_MAX, true, NovaRecords::servers);
        var deadline = deadline();
        var servers = pages.read(path, deadline, serverVersion(deadline));
        for (Server server : servers) {
            if (!server.host().equals(host)) {
                // a user without the admin role: Nova ignores the filter instead of refusing it
                throw new ComputeException(
                        Kind.UNAUTHORIZED,
                        200,
                        "asked for the servers of host " + host + ", Nova lists server " + server.id() + " of host "
                                + server.host() + ": the user needs Nova's admin role",
                        null);
            }
        }
        return servers;
    }

    @Override
    public Optional<Server> server(ServerId id) {
        var deadline = deadline();
        var path = "/servers/" + encoded(id.value());
        return nova.repeated(deadline, () -> {
            var reply = nova.call("GET", path, serverVersion(deadline), Map.of(), deadline);
            if (NovaLink.isNovasNotFound(reply.answer())) {
                return Optional.empty();
            }
            if (reply.answer().status() == 404) {
                throw reply.garbled("not in Nova's own words, so it does not prove that the server is gone");
            }
            if (reply.answer().status() != 200) {
                throw NovaLink.failure(reply.call(), reply.answer());
            }
            return Optional.of(NovaRecords.server(reply, reply.json().path("server")));
        });
    }

    /** The newest version whose servers are understood: from 2.73 on a lock says why. */
    Microversion serverVersion(Deadline deadline) {
        var versions = nova.versions(deadline);
        return versions.nearest(Microversion.LOCK_REASONS, Microversion.SERVER_BOUNDS)
                .orElseThrow(() -> refused("Nova speaks microversions " + versions + ", but servers are read at "
                        + Microversion.SERVER_BOUNDS + " only (OpenStack Queens or newer)"));
    }

    @Override
    public List<Server> withImages(List<Server> servers) {
        return glance.withImages(servers, deadline());
    }

    @Override
    public void lock(ServerId server, String reason) {
        actions.lock(server, reason, deadline());
    }

    @Override
    public void unlock(ServerId id, String reason) {
        var deadline = deadline();
        var found = server(id);
        boolean isOurs = found.filter(Server::locked)
                .filter(server -> !actions.takesLockReasons(deadline)
                        || server.traits().lockedReason().equals(Optional.of(reason)))
                .isPresent();
        if (isOurs) {
            actions.unlock(id, deadline);
        }
    }

    @Override
    public void resetState(ServerId server) {
        actions.resetState(server, deadline());
    }

    @Override
    public void rest(ServerId server, Rest how) {
        actions.rest(server, how, deadline());
    }

    @Override
    public List<Migration> evacuationsFrom(HostName host) {
        var path = "/os-migrations?migration_type=evacuation&source_compute=" + encoded(host.value()) + "&limit="
                + MIGRATIONS_PER_PAGE;
        var pages = new Pages<>("migrations_links", MIGRATION_PAGES_MAX, false, NovaRecords::evacuations);
        return pages.read(path, deadline(), Microversion.MIGRATIONS).stream()
                .filter(migration -> migration.source().equals(host))
                .sorted(Comparator.comparingLong(Migration::id))
                .toList();
    }

    @Override
    public Handling handlingOf(ServerId server) {
        var deadline = deadline();
        var path = "/servers/" + encoded(server.value()) + "/os-instance-actions";
        Optional<String> newest =
                nova.read(path, Microversion.SERVICES, deadline, reply -> NovaRecords.newestEvacuation(reply.json()));
        return newest.map(request -> nova.read(
                        path + "/" + encoded(request),
                        Microversion.SERVICES,
                        deadline,
                        reply -> NovaRecords.handling(reply.json())))
                .orElse(Handling.IN_HAND);
    }

    @Override
    public ComputeService holdDown(HostName host, String reason) {
        return ensure(
                host,
                "forced down and disabled",
                service -> service.forcedDown() && !service.enabled(),
                service -> service.enabled()
                        ? Map.of("forced_down", true, "status", "disabled", "disabled_reason", shortened(reason))
                        : Map.of("forced_down", true));
    }

    private static String shortened(String reason) {
        return reason.length() <= REASON_LENGTH_MAX ? reason : reason.substring(0, REASON_LENGTH_MAX);
    }

    @Override
    public void forceUp(HostName host) {
        ensure(host, "up", service -> !service.forcedDown(), service -> Map.of("forced_down", false));
    }

    @Override
    public void enable(HostName host) {
        ensure(host, "enabled", ComputeService::enabled, service -> Map.of("status", "enabled"));
    }

    @Override
    public void disableLiving(HostName host, String reason) {
        ensure(host, "disabled", service -> !service.enabled(), service -> {
            if (!service.up()) {
                throw refused("the nova-compute of " + host
                        + " does not report; to disable it now could block Nova for a minute");
            }
            return Map.of("status", "disabled", "disabled_reason", shortened(reason));
        });
    }

    @Override
    public void join(long aggregateId, HostName host) {
        member(aggregateId, host, "add_host", true);
    }

    @Override
    public void leave(long aggregateId, HostName host) {
        member(aggregateId, host, "remove_host", false);
    }

    private void member(long aggregateId, HostName host, String action, boolean wanted) {
        var deadline = deadline();
        nova.repeated(deadline, () -> {
            if (aggregate(aggregateId, deadline).hosts().contains(host) == wanted) {
                return false;
            }
            var reply = nova.call(
                    "POST",
                    "/os-aggregates/" + aggregateId + "/action",
                    Microversion.SERVICES,
                    Map.of(action, Map.of("host", host.value())),
                    deadline);
            if (reply.answer().status() != 200) {
                throw NovaLink.failure(reply.call(), reply.answer());
            }
            LOG.info("nova aggregate changed aggregate={} action={} host={}", aggregateId, action, host);
            return true;
        });
    }

    private Aggregate aggregate(long id, Deadline deadline) {
        return nova.readOnce("/os-aggregates", Microversion.SERVICES, deadline, NovaRecords::aggregates).stream()
                .filter(candidate -> candidate.id() == id)
                .findFirst()
                .orElseThrow(() -> refused("Nova has no aggregate " + id));
    }

    /** What to send to change a service; may refuse. */
    private interface Change {
        Map<String, ?> bodyFor(ComputeService service);
    }

    private ComputeService ensure(HostName host, String what, Predicate<ComputeService> done, Change change) {
        var deadline = deadline();
        return nova.repeated(deadline, () -> {
            var service = service(host, deadline);
            if (done.test(service)) {
                LOG.info("nova service {} host={} changed=false", what, host);
                return service;
            }
            var path = "/os-services/" + encoded(service.id());
            var reply = nova.call("PUT", path, Microversion.SERVICES, change.bodyFor(service), deadline);
            if (reply.answer().status() != 200) {
                throw NovaLink.failure(reply.call(), reply.answer());
            }
            var changed = NovaRecords.service(reply, reply.json().path("service"));
            if (!done.test(changed)) {
                throw reply.garbled("the service of " + host + " is not " + what);
            }
            LOG.info("nova service {} host={} changed=true", what, host);
            return changed;
        });
    }

    private ComputeService service(HostName host, Deadline deadline) {
        var services = nova.readOnce(
                "/os-services?binary=nova-compute", Microversion.SERVICES, deadline, NovaRecords::services);
        return services.stream()
                .filter(service -> service.host().equals(host))
                .findFirst()
                .orElseThrow(() -> refused("Nova has no nova-compute on host '" + host + "'; it has them on "
                        + services.stream()
                                .map(service -> service.host().value())
                                .sorted()
                                .limit(20)
                                .collect(Collectors.joining(", "))));
    }

    /**
     * One request, whose time limit is that of one exchange, and nothing before it: the caller has read host, task state and migrations,
     * and then proven its leadership. To read again here would only widen the gap between that proof and the request.
     */
    @Override
    public void evacuate(ServerId id, Optional<HostName> target) {
        var deadline = Deadline.after(limits.request());
        var versions = nova.versions(deadline);
        var version = versions.nearest(Microversion.SERVERS, EVACUATE_BOUNDS)
                .orElseThrow(() -> refused("Nova speaks microversions " + versions + ", but evacuate is used at "
                        + EVACUATE_BOUNDS + " only: later ones leave the server stopped"));
        var path = "/servers/" + encoded(id.value()) + "/action";
        // before 2.29 a named host is not checked by the scheduler
        var wanted = target.filter(host -> version.compareTo(Microversion.EVACUATE_CHECKED) >= 0)
                .map(host -> Map.of("host", host.value()))
                .orElseGet(Map::of);
        var reply = nova.call("POST", path, version, Map.of("evacuate", wanted), deadline);
        int status = reply.answer().status();
        if (status != 200 && status != 202) {
            throw NovaLink.failure(reply.call(), reply.answer());
        }
        LOG.info(
                "nova accepted evacuation server={} asked_for={}",
                id,
                target.map(HostName::value).orElse(""));
    }

    @Override
    public void setAggregateMetadata(long aggregateId, String key, Optional<String> value) {
        var deadline = deadline();
        nova.repeated(deadline, () -> {
            var aggregate = aggregate(aggregateId, deadline);
            if (Optional.ofNullable(aggregate.metadata().get(key)).equals(value)) {
                return false;
            }
            var metadata = new HashMap<String, String>();
            metadata.put(key, value.orElse(null)); // null removes the key
            var reply = nova.call(
                    "POST",
                    "/os-aggregates/" + aggregateId + "/action",
                    Microversion.SERVICES,
                    Map.of("set_metadata", Map.of("metadata", metadata)),
                    deadline);
            if (reply.answer().status() != 200) {
                throw NovaLink.failure(reply.call(), reply.answer());
            }
            var written = reply.json().path("aggregate").path("metadata").path(key);
            if (!Optional.ofNullable(written.textValue()).equals(value)) {
                throw reply.garbled("aggregate " + aggregateId + " does not have " + key + " as asked");
            }
            LOG.info("nova aggregate metadata set aggregate={} key={}", aggregateId, key);
            return true;
        });
    }

    @Override
    public void close() {
        link.close();
    }

    private Deadline deadline() {
        return Deadline.after(limits.call());
    }

    private static ComputeException refused(String sentence) {
        return new ComputeException(Kind.REFUSED, 0, sentence, null);
    }

    static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /**
     * A list in pages. Only the marker of Nova's link is used: its address may be one that only Nova itself can reach. If the list must
     * be complete, one that does not end within the pages is an exception; otherwise its rest is left out.
     */
    private final class Pages<T> {
        private final String links;
        private final int pagesMax;
        private final boolean complete;
        private final BiFunction<NovaLink.Reply, JsonNode, List<T>> meaning;

        Pages(String links, int pagesMax, boolean complete, BiFunction<NovaLink.Reply, JsonNode, List<T>> meaning) {
            this.links = links;
            this.pagesMax = pagesMax;
            this.complete = complete;
            this.meaning = meaning;
        }

        List<T> read(String path, Deadline deadline, Microversion version) {
            var all = new ArrayList<T>();
            var markers = new HashSet<String>();
            var marker = Optional.<String>empty();
            for (int page = 1; ; page++) {
                var asked = path + marker.map(value -> "&marker=" + value).orElse("");
                marker = nova.read(asked, version, deadline, reply -> {
                    var json = reply.json();
                    var found = meaning.apply(reply, json);
                    var next = Markers.next(json.path(links));
                    if (next.isPresent() && markers.contains(next.get())) {
                        throw reply.garbled("its pages go round in a circle");
                    }
                    all.addAll(found);
                    return next;
                });
                if (marker.isEmpty() || (page == pagesMax && !complete)) {
                    return Collections.unmodifiableList(all);
                }
                if (page == pagesMax) {
                    throw refused("more than " + pagesMax + " pages at " + path + "; this many are not handled");
                }
                markers.add(marker.get());
            }
        }
    }
}

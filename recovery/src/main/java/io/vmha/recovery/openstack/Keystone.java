package io.vmha.recovery.openstack;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmha.recovery.core.ComputeException;
import io.vmha.recovery.core.ComputeException.Kind;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.openstack4j.core.transport.ObjectMapperSingleton;
import org.openstack4j.model.common.Identifier;
import org.openstack4j.model.identity.v3.Endpoint;
import org.openstack4j.openstack.identity.v3.domain.KeystoneAuth;
import org.openstack4j.openstack.identity.v3.domain.KeystoneToken;

/** Logs in by password, finds Nova in the catalog and asks it for its microversions. */
final class Keystone {
    private static final Pattern NOVA_ROOT = Pattern.compile("(.*/v2\\.1)(/.*)?");

    private static final ObjectMapper JSON = new ObjectMapper();

    private final OpenStackConfig config;
    private final HttpLink link;
    private final URI tokens;

    Keystone(OpenStackConfig config, HttpLink link) {
        this.config = config;
        this.link = link;
        var base = withoutSlash(config.authUrl().toString());
        tokens = URI.create((base.endsWith("/v3") ? base : base + "/v3") + "/auth/tokens");
    }

    Session login(Deadline deadline) {
        var answer = link.exchange(
                new HttpLink.Call(
                        "POST",
                        tokens,
                        Map.of("Content-Type", "application/json", "Accept", "application/json"),
                        credentials()),
                deadline);
        if (answer.status() != 201) {
            throw refusal(answer);
        }
        var token = answer.headers().firstValue("X-Subject-Token");
        if (token.isEmpty()) {
            throw new ComputeException(
                    Kind.UNKNOWN, 201, "Keystone at " + tokens + " sent no X-Subject-Token; is auth_url right?", null);
        }
        var nova = novaIn(endpoints(answer));
        return new Session(token.get(), nova, versions(nova, deadline), glance(answer));
    }

    private String credentials() {
        var login = config.login();
        var scope = KeystoneAuth.AuthScope.project(
                Identifier.byName(login.project().name()),
                Identifier.byName(login.project().domain()));
        var auth = new KeystoneAuth(
                login.user().name(),
                login.password().reveal(),
                Identifier.byName(login.user().domain()),
                scope);
        try {
            return ObjectMapperSingleton.getContext(KeystoneAuth.class).writeValueAsString(auth);
        } catch (JsonProcessingException e) {
            // without the cause: its location may quote the source, which holds the password
            throw new IllegalStateException("openstack4j cannot write a login request", null);
        }
    }

    private ComputeException refusal(HttpLink.Answer answer) {
        var login = config.login();
        int status = answer.status();
        if (status == 401 || status == 403) {
            return new ComputeException(
                    Kind.UNAUTHORIZED,
                    status,
                    "Keystone at " + tokens + " refused the login of user '"
                            + login.user().name() + "' (domain '"
                            + login.user().domain() + "') in project '"
                            + login.project().name() + "' (domain '"
                            + login.project().domain() + "'): " + NovaLink.wordsOf(answer)
                            + "; check username, password, project and both domains",
                    null);
        }
        var kind = status >= 400 && status < 500 && status != 408 ? Kind.REFUSED : Kind.UNKNOWN;
        return new ComputeException(
                kind,
                status,
                "Keystone at " + tokens + " answered " + status + " where 201 is expected: " + NovaLink.wordsOf(answer)
                        + "; check auth_url",
                null);
    }

    /**
     * The endpoints of services of type compute. The rest of the catalog is cut off before openstack4j binds it: one endpoint there with
     * an address that java.net.URL does not know (wss:, a template) would make the whole token unreadable.
     */
    private List<Endpoint> endpoints(HttpLink.Answer answer) {
        try {
            var tree = JSON.readTree(answer.body()); // not openstack4j's mapper: it unwraps the root of trees, too
            if (!(tree.get("token") instanceof ObjectNode token)) {
                throw garbled("no token");
            }
            var compute = token.arrayNode();
            token.path("catalog").forEach(service -> {
                if (service.path("type").asText().equals("compute")) {
                    compute.add(service);
                }
            });
            token.set("catalog", compute);
            var parsed = ObjectMapperSingleton.getContext(KeystoneToken.class)
                    .readValue(tree.toString(), KeystoneToken.class);
            var endpoints = new ArrayList<Endpoint>();
            for (var service : parsed.getCatalog()) {
                endpoints.addAll(service.getEndpoints());
            }
            return endpoints;
        } catch (IOException e) {
            throw garbled("not a token");
        }
    }

    /** Of the region and interface that Nova is used at; the first one if there are several. */
    private Optional<URI> glance(HttpLink.Answer answer) {
        try {
            for (JsonNode service : JSON.readTree(answer.body()).path("token").path("catalog")) {
                if (service.path("type").asText().equals("image")) {
                    for (JsonNode endpoint : service.path("endpoints")) {
                        if (isWanted(endpoint)) {
                            var url = withoutSlash(endpoint.path("url").asText());
                            return Optional.of(URI.create(url.replaceFirst("/v[0-9](\\.[0-9]+)?$", "")));
                        }
                    }
                }
            }
            return Optional.empty();
        } catch (IOException | IllegalArgumentException e) {
            return Optional.empty(); // it is missed, with a sentence, where it is needed
        }
    }

    private boolean isWanted(JsonNode endpoint) {
        var wanted = config.endpointInterface().name().toLowerCase(Locale.ROOT);
        return endpoint.path("interface").asText().equals(wanted)
                && config.region()
                        .map(region -> region.equals(endpoint.path("region").asText()))
                        .orElse(true);
    }

    private ComputeException garbled(String found) {
        return new ComputeException(
                Kind.UNKNOWN, 201, "Keystone at " + tokens + " sent " + found + "; is auth_url right?", null);
    }

    private URI novaIn(List<Endpoint> endpoints) {
        var wanted = config.endpointInterface().name().toLowerCase(Locale.ROOT);
        var matching = endpoints.stream()
                .filter(endpoint -> endpoint.getIface() != null
                        && endpoint.getIface().name().toLowerCase(Locale.ROOT).equals(wanted))
                .filter(endpoint ->
                        config.region().isEmpty() || config.region().get().equals(endpoint.getRegion()))
                .filter(endpoint -> endpoint.getUrl() != null)
                .toList();
        if (matching.size() == 1) {
            return novaRoot(matching.get(0).getUrl().toString());
        }
        var known = new TreeSet<String>();
        for (var endpoint : endpoints) {
            known.add(String.valueOf(endpoint.getIface()).toLowerCase(Locale.ROOT) + " in region '"
                    + endpoint.getRegion() + "'");
        }
        throw new ComputeException(
                Kind.REFUSED,
                201,
                "the catalog of Keystone at " + tokens + " has " + matching.size() + " compute endpoints for interface "
                        + wanted
                        + config.region()
                                .map(name -> " in region '" + name + "'")
                                .orElse("")
                        + " where one is expected; it has: " + (known.isEmpty() ? "none" : String.join(", ", known))
                        + "; check region and interface",
                null);
    }

    /** Without a project id behind the version (catalogs before 2016), and with the version where the catalog leaves it out. */
    private static URI novaRoot(String url) {
        var base = withoutSlash(url);
        var versioned = NOVA_ROOT.matcher(base);
        return URI.create(versioned.matches() ? versioned.group(1) : base.replaceFirst("/v2(/.*)?$", "") + "/v2.1");
    }

    private Microversion.Range versions(URI nova, Deadline deadline) {
        var call = new HttpLink.Call("GET", URI.create(nova + "/"), Map.of("Accept", "application/json"), "");
        var answer = link.exchange(call, deadline);
        if (answer.status() != 200) {
            throw NovaLink.failure(call, answer);
        }
        JsonNode version = NovaLink.json(call, answer).path("version");
        var min = Microversion.parse(version.path("min_version").asText());
        var max = Microversion.parse(version.path("version").asText());
        if (min.isEmpty() || max.isEmpty()) {
            throw new ComputeException(
                    Kind.UNKNOWN,
                    200,
                    "GET " + nova
                            + "/ is not the version document of Nova's API v2.1; check the compute endpoint in the"
                            + " catalog",
                    null);
        }
        return new Microversion.Range(min.get(), max.get());
    }

    private static String withoutSlash(String url) {
        return url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
    }
}

package io.vmha.testcluster.cloud;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmha.testcluster.cloud.CloudSettings.Delay;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/** Keystone v3: tokens for one user, by password, for one project. Guarded by the {@link Region}. */
final class Keystone {
    private static final String MUST_AUTHENTICATE = "The request you have made requires authentication.";
    private static final Set<String> PROJECT_NAMES = Set.of("admin", Region.ADMIN_PROJECT);
    private static final Set<String> USER_NAMES = Set.of("admin", Region.ADMIN_USER);
    private static final int TOKENS_MAX = 10_000;

    private final Region region;
    private final Map<String, Long> expiryByToken = new LinkedHashMap<>();

    Keystone(Region region) {
        this.region = region;
    }

    /** True if the token was given out by {@link #answer} and has not expired. */
    boolean accepts(Request request) {
        return request.header("X-auth-token")
                .map(expiryByToken::get)
                .filter(expiry -> region.nowMs() < expiry)
                .isPresent();
    }

    void expireAll() {
        expiryByToken.clear();
    }

    Answer answer(Request request) {
        if (request.is("GET", 1)) {
            return Answer.ok(Json.object().set("version", version(request.base())))
                    .with("Vary", "X-Auth-Token");
        }
        boolean isTokens =
                request.segment(1).equals("auth") && request.segment(2).equals("tokens");
        if (isTokens && request.is("POST", 3)) {
            return issue(request).with("Vary", "X-Auth-Token");
        }
        return error(404, "Not Found", "Could not find: " + String.join("/", request.path()) + ".");
    }

    /** What Nova's auth middleware answers to a missing, unknown or expired token. */
    static Answer unauthorized(URI base) {
        return error(401, "Unauthorized", MUST_AUTHENTICATE)
                .with("Www-Authenticate", "Keystone uri=\"" + base + "/v3\"");
    }

    private static Answer error(int status, String title, String message) {
        ObjectNode body = Json.object();
        body.putObject("error").put("code", status).put("message", message).put("title", title);
        return new Answer(status, body);
    }

    private static ObjectNode version(URI base) {
        ObjectNode version = Json.object();
        version.put("id", "v3.14").put("status", "stable").put("updated", "2020-04-07T00:00:00Z");
        version.putArray("links").addObject().put("rel", "self").put("href", base + "/v3/");
        version.putArray("media-types")
                .addObject()
                .put("base", "application/json")
                .put("type", "application/vnd.openstack.identity-v3+json");
        return version;
    }

    private Answer issue(Request request) {
        JsonNode auth = request.body().path("auth");
        JsonNode identity = auth.path("identity");
        if (!identity.path("methods").isArray()) {
            return error(400, "Bad Request", "Invalid input for field 'identity/methods': None is not of type 'array'");
        }
        JsonNode user = identity.path("password").path("user");
        boolean isUser = matches(user, USER_NAMES, true)
                && user.path("password").asText().equals(region.settings.password());
        JsonNode project = auth.path("scope").path("project");
        boolean isScope = project.isMissingNode() || matches(project, PROJECT_NAMES, true);
        if (!isUser || !isScope) {
            return unauthorized(request.base());
        }
        String token = "gAAAAA" + UUID.randomUUID().toString().replace("-", "");
        long expiryMs = region.nowMs() + region.settings.ms(Delay.TOKEN_LIFETIME);
        expiryByToken.values().removeIf(expiry -> expiry <= region.nowMs());
        if (expiryByToken.size() >= TOKENS_MAX) {
            expiryByToken.remove(expiryByToken.keySet().iterator().next());
        }
        expiryByToken.put(token, expiryMs);
        ObjectNode body = Json.object();
        body.set("token", token(request.base(), expiryMs, !project.isMissingNode()));
        return new Answer(201, body).with("X-Subject-Token", token);
    }

    /** By id alone, or by name with its domain, as Keystone wants it. */
    private static boolean matches(JsonNode named, Set<String> accepted, boolean needsDomain) {
        if (named.has("id")) {
            return accepted.contains(named.path("id").asText())
                    && !named.path("id").asText().equals("admin");
        }
        JsonNode domain = named.path("domain");
        boolean isDomain = domain.path("id").asText().equals("default")
                || domain.path("name").asText().equalsIgnoreCase("Default");
        return named.path("name").asText().equals("admin") && (!needsDomain || isDomain);
    }

    private ObjectNode token(URI base, long expiryMs, boolean scoped) {
        ObjectNode token = Json.object();
        token.putArray("methods").add("password");
        ObjectNode user = token.putObject("user");
        user.set("domain", domain());
        user.put("id", Region.ADMIN_USER).put("name", "admin").putNull("password_expires_at");
        token.putArray("audit_ids").add("0WEMDfR1Tnq5ntjvzxiB_w");
        token.put("expires_at", Timestamps.micros(expiryMs) + "Z");
        token.put("issued_at", Timestamps.micros(region.nowMs()) + "Z");
        if (!scoped) {
            return token;
        }
        ObjectNode project = token.putObject("project");
        project.set("domain", domain());
        project.put("id", Region.ADMIN_PROJECT).put("name", "admin");
        token.put("is_domain", false);
        ArrayNode roles = token.putArray("roles");
        roles.addObject().put("id", "37f9a78cd4e647bb87789d9fce66f062").put("name", "member");
        roles.addObject().put("id", "53f46675c57b49beb5b659db21884035").put("name", "admin");
        roles.addObject().put("id", "3f80041f54194c06a60c0939a7d0b943").put("name", "reader");
        ArrayNode catalog = token.putArray("catalog");
        catalog.add(service("identity", base + "/v3", "keystone"));
        catalog.add(service("compute", base + "/v2.1", "nova"));
        return token;
    }

    private static ObjectNode domain() {
        return Json.object().put("id", "default").put("name", "Default");
    }

    private static ObjectNode service(String type, String url, String name) {
        ObjectNode service = Json.object();
        ArrayNode endpoints = service.putArray("endpoints");
        for (String side : new String[] {"admin", "internal", "public"}) {
            endpoints
                    .addObject()
                    .put(
                            "id",
                            UUID.nameUUIDFromBytes((type + side).getBytes(java.nio.charset.StandardCharsets.UTF_8))
                                    .toString()
                                    .replace("-", ""))
                    .put("interface", side)
                    .put("region_id", "RegionOne")
                    .put("url", url)
                    .put("region", "RegionOne");
        }
        service.put(
                "id",
                UUID.nameUUIDFromBytes(type.getBytes(java.nio.charset.StandardCharsets.UTF_8))
                        .toString()
                        .replace("-", ""));
        return service.put("type", type).put("name", name);
    }
}

package io.vmha.recovery.openstack;

import io.vmha.recovery.config.Secret;
import io.vmha.recovery.config.Section;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * Where Keystone is, who we are, and how long we wait. The user needs the admin role of Nova (all projects, hosts, evacuate).
 *
 * @param authUrl Keystone's base, with or without {@code /v3}
 * @param region the region of the compute endpoint; may be empty only if the catalog has one region
 * @param caFile PEM certificates to trust instead of the JVM's; empty for the JVM's
 */
public record OpenStackConfig(
        URI authUrl,
        Login login,
        Optional<String> region,
        EndpointInterface endpointInterface,
        Optional<Path> caFile,
        TimeLimits limits) {
    /** Which of the catalog's endpoints to use. */
    public enum EndpointInterface {
        PUBLIC,
        INTERNAL,
        ADMIN
    }

    /** A user or a project, with the domain its name is unique in. */
    public record DomainName(String name, String domain) {
        /** In the domain that every installation has. */
        public static DomainName inDefaultDomain(String name) {
            return new DomainName(name, "Default");
        }
    }

    /** A user's password and the project it works in. */
    public record Login(DomainName user, Secret password, DomainName project) {}

    /**
     * How long we wait for Keystone and Nova.
     *
     * @param connect for the TCP and TLS connection
     * @param request for one exchange, from sending to the last byte of the answer
     * @param call for one call of the port, with its reads, retries and renewal of the token
     */
    public record TimeLimits(Duration connect, Duration request, Duration call) {
        public static final TimeLimits STANDARD =
                new TimeLimits(Duration.ofSeconds(5), Duration.ofSeconds(15), Duration.ofSeconds(40));
    }

    public OpenStackConfig {
        var scheme = String.valueOf(authUrl.getScheme()).toLowerCase(Locale.ROOT);
        if (!(scheme.equals("http") || scheme.equals("https")) || authUrl.getHost() == null) {
            throw new IllegalArgumentException(
                    "auth_url must be an http or https address such as https://keystone:5000/v3 but is '" + authUrl
                            + "'");
        }
        if (authUrl.getUserInfo() != null || authUrl.getQuery() != null || authUrl.getFragment() != null) {
            throw new IllegalArgumentException("auth_url must have no user, query or fragment");
        }
    }

    /** The public endpoints of the only region, with the standard time limits. */
    public static OpenStackConfig of(URI authUrl, Login login) {
        return new OpenStackConfig(
                authUrl, login, Optional.empty(), EndpointInterface.PUBLIC, Optional.empty(), TimeLimits.STANDARD);
    }

    public OpenStackConfig withRegion(String name) {
        return new OpenStackConfig(authUrl, login, Optional.of(name), endpointInterface, caFile, limits);
    }

    public OpenStackConfig withInterface(EndpointInterface which) {
        return new OpenStackConfig(authUrl, login, region, which, caFile, limits);
    }

    public OpenStackConfig withLimits(TimeLimits other) {
        return new OpenStackConfig(authUrl, login, region, endpointInterface, caFile, other);
    }

    /**
     * Reads the section {@code openstack}: auth_url, username, password or password_file, project, user_domain, project_domain, region,
     * interface, ca_file, connect_timeout, request_timeout, call_timeout.
     *
     * @return empty if there were problems; they are in {@code section.problems()}
     */
    public static Optional<OpenStackConfig> read(Section section) {
        int before = section.problems().size();
        var authUrl = readUrl(section);
        var user = new DomainName(
                section.requiredText("username"), section.text("user_domain").orElse("Default"));
        boolean passwordSet = section.has("password") || section.has("password_file");
        var password = Secret.read(section, "password");
        if (!passwordSet) {
            section.problem("password", "is missing; set it, or password_file");
        }
        var project = new DomainName(
                section.requiredText("project"), section.text("project_domain").orElse("Default"));
        var region = section.text("region");
        var endpointInterface = readInterface(section);
        var caFile = section.file("ca_file");
        var limits = readLimits(section);
        section.refuseUnknownKeys();
        if (section.problems().size() > before || authUrl.isEmpty() || password.isEmpty()) {
            return Optional.empty();
        }
        var login = new Login(user, password.get(), project);
        return Optional.of(new OpenStackConfig(authUrl.get(), login, region, endpointInterface, caFile, limits));
    }

    private static Optional<URI> readUrl(Section section) {
        var text = section.requiredText("auth_url");
        if (text.equals("?")) {
            return Optional.empty();
        }
        try {
            var url = new URI(text);
            // the compact constructor holds the rules; a throw-away value lets it judge the address alone
            of(url, new Login(DomainName.inDefaultDomain("-"), new Secret("-"), DomainName.inDefaultDomain("-")));
            return Optional.of(url);
        } catch (URISyntaxException e) {
            section.problem("auth_url", "is not an address: " + e.getReason());
        } catch (IllegalArgumentException e) {
            section.problem("auth_url", "is refused: " + e.getMessage());
        }
        return Optional.empty();
    }

    private static EndpointInterface readInterface(Section section) {
        var text = section.text("interface").orElse("public");
        for (var candidate : EndpointInterface.values()) {
            if (candidate.name().toLowerCase(Locale.ROOT).equals(text)) {
                return candidate;
            }
        }
        var names = Arrays.stream(EndpointInterface.values())
                .map(value -> value.name().toLowerCase(Locale.ROOT))
                .toList();
        section.problem("interface", "must be one of " + String.join(", ", names) + " but is '" + text + "'");
        return EndpointInterface.PUBLIC;
    }

    private static TimeLimits readLimits(Section section) {
        var standard = TimeLimits.STANDARD;
        var least = Duration.ofMillis(100);
        var most = Duration.ofMinutes(5);
        var limits = new TimeLimits(
                section.duration("connect_timeout", standard.connect(), least, most),
                section.duration("request_timeout", standard.request(), least, most),
                section.duration("call_timeout", standard.call(), least, most));
        if (limits.call().compareTo(limits.request()) < 0) {
            section.problem("call_timeout", "must not be shorter than request_timeout");
        }
        return limits;
    }
}

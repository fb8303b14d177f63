package io.vmha.node.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Reads {@code events}: where the AZ's events are sent. Absent means nowhere. */
final class EventsSection {
    private static final int SECRET_LENGTH_MIN = 16;
    private static final String SECRET_FILE = "secret_file";

    private EventsSection() {}

    static Optional<VmhadConfig.Events> read(Settings top) {
        if (!top.has("events")) {
            return Optional.empty();
        }
        Settings section = top.section("events");
        Optional<URI> url = section.required("webhook", "give the URL that events are posted to, or remove the section")
                .flatMap(text -> url(section, text));
        Optional<VmhadConfig.Token> secret = section.has(SECRET_FILE) ? secret(section) : Optional.empty();
        section.refuseUnknownKeys();
        return url.map(found -> new VmhadConfig.Events(found, secret));
    }

    private static Optional<URI> url(Settings section, String text) {
        try {
            var url = new URI(text);
            String scheme = Optional.ofNullable(url.getScheme()).orElse("").toLowerCase(Locale.ROOT);
            if ((scheme.equals("http") || scheme.equals("https"))
                    && url.getHost() != null
                    && url.getUserInfo() == null) {
                return Optional.of(url);
            }
        } catch (URISyntaxException e) {
            // told below, with every other text that is no such URL
        }
        section.problem("webhook", "must be an http or https URL without user and password but is '" + text + "'");
        return Optional.empty();
    }

    private static Optional<VmhadConfig.Token> secret(Settings section) {
        List<String> lines = SecretFile.lines(section, SECRET_FILE);
        if (lines.isEmpty()) {
            return Optional.empty();
        }
        if (lines.size() > 1 || lines.get(0).length() < SECRET_LENGTH_MIN) {
            section.problem(
                    SECRET_FILE,
                    "must hold one line of at least " + SECRET_LENGTH_MIN
                            + " characters; make one with: openssl rand -hex 32");
            return Optional.empty();
        }
        return Optional.of(new VmhadConfig.Token(lines.get(0)));
    }
}

package io.vmha.recovery.openstack;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;
import java.util.regex.Pattern;

/** Finds the marker of the next page among the links of a list. */
final class Markers {
    private static final Pattern MARKER = Pattern.compile("[?&]marker=([A-Za-z0-9._%-]{1,255})(&|$)");

    private Markers() {}

    static Optional<String> next(JsonNode links) {
        for (JsonNode link : links) {
            if (link.path("rel").asText().equals("next")) {
                var matcher = MARKER.matcher(link.path("href").asText());
                return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
            }
        }
        return Optional.empty();
    }
}

package io.vmha.testcluster.cloud;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Iterator;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** What Nova's JSON schemas check about a request's body, with the words of its refusals. */
final class Bodies {
    private static final Pattern UUID = Pattern.compile("[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}");

    private Bodies() {}

    static boolean isUuid(String text) {
        return UUID.matcher(text).matches();
    }

    static void requireObject(JsonNode body) {
        if (!body.isObject()) {
            throw Refusal.badRequest("Malformed request body");
        }
    }

    static void refuseOthers(JsonNode body, Set<String> known) {
        Set<String> others = new TreeSet<>();
        for (Iterator<String> names = body.fieldNames(); names.hasNext(); ) {
            String name = names.next();
            if (!known.contains(name)) {
                others.add("'" + name + "'");
            }
        }
        if (!others.isEmpty()) {
            throw Refusal.badRequest("Invalid input for field/attribute. Additional properties are not allowed ("
                    + String.join(", ", others) + (others.size() == 1 ? " was" : " were") + " unexpected)");
        }
    }

    static String requiredText(JsonNode body, String key) {
        return Json.text(body, key)
                .filter(text -> !text.isEmpty())
                .orElseThrow(() -> Refusal.badRequest(
                        "Invalid input for field/attribute " + key + ". '" + key + "' is a required property"));
    }

    /** Nova takes JSON booleans and the usual words for them. */
    static boolean bool(JsonNode body, String key) {
        return optionalBool(body, key)
                .orElseThrow(() -> Refusal.badRequest(
                        "Invalid input for field/attribute " + key + ". '" + key + "' is a required property"));
    }

    static Optional<Boolean> optionalBool(JsonNode body, String key) {
        JsonNode value = body.path(key);
        if (value.isMissingNode()) {
            return Optional.empty();
        }
        return switch (value.asText().toLowerCase(Locale.ROOT)) {
            case "true", "1", "on", "yes" -> Optional.of(true);
            case "false", "0", "off", "no" -> Optional.of(false);
            default ->
                throw Refusal.badRequest("Invalid input for field/attribute " + key + ". Value: " + value.asText()
                        + ". " + value.asText() + " is not one of the boolean values");
        };
    }
}

package io.vmha.node.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A JSON document, read leniently: what is missing reads as empty. Text comes without control characters, so that nobody's VM name moves
 * the cursor. (Jackson's databind would double the start time of a command.)
 */
record Document(Object value) {
    static Document parse(String json) {
        try (JsonParser parser = new JsonFactory().createParser(json)) {
            parser.nextToken();
            return new Document(read(parser));
        } catch (IOException e) {
            throw new Failure(ExitCode.REFUSED, "the daemon's answer is no JSON: " + e.getMessage());
        }
    }

    private static Object read(JsonParser parser) throws IOException {
        if (parser.currentToken() == JsonToken.START_OBJECT) {
            var map = new LinkedHashMap<String, Object>();
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String key = parser.currentName();
                parser.nextToken();
                map.put(key, read(parser));
            }
            return map;
        }
        if (parser.currentToken() == JsonToken.START_ARRAY) {
            var list = new ArrayList<Object>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                list.add(read(parser));
            }
            return list;
        }
        return parser.currentToken() == null || parser.currentToken() == JsonToken.VALUE_NULL ? "" : parser.getText();
    }

    Document at(String key) {
        Object found = value instanceof Map<?, ?> map ? map.get(key) : null;
        return new Document(found == null ? "" : found);
    }

    /** The items of a list; none if it is no list. */
    List<Document> items() {
        return value instanceof List<?> list ? list.stream().map(Document::new).toList() : List.of();
    }

    /** The text under a key, fit for a terminal. */
    String text(String key) {
        return at(key).text();
    }

    /** The text of this value, fit for a terminal. */
    String text() {
        return value instanceof Map || value instanceof List
                ? ""
                : String.valueOf(value)
                        .codePoints()
                        .map(c -> Character.isISOControl(c) || Character.getType(c) == Character.FORMAT ? '?' : c)
                        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                        .toString();
    }

    boolean isTrue(String key) {
        return text(key).equals("true");
    }

    boolean isEmpty(String key) {
        Object found = at(key).value();
        return found.equals("") || found.equals(List.of());
    }

    /** A number of milliseconds as seconds; a dash if there is none. */
    String seconds(String key) {
        String ms = text(key);
        if (ms.isEmpty()) {
            return "-";
        }
        long tenths = (Long.parseLong(ms) + 50) / 100;
        return tenths / 10 + "." + tenths % 10 + " s";
    }

    /** The texts of the list under a key, in one line. */
    String joined(String key) {
        return at(key).items().stream().map(Document::text).collect(Collectors.joining(", "));
    }

    /** The pairs of the object under a key, as {@code a=b c=d}, without those of some names. */
    String pairs(String key, Set<String> without) {
        return at(key).value() instanceof Map<?, ?> map
                ? map.entrySet().stream()
                        .filter(e -> !without.contains(e.getKey()))
                        .map(e -> new Document(e.getKey()).text() + "=" + new Document(e.getValue()).text())
                        .collect(Collectors.joining(" "))
                : "";
    }
}

package io.vmha.node.documents;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a request is about: the decoded words of its path and its query.
 *
 * @param path without the slashes, such as {@code [v1, ha, az1]}
 * @param query a key without a value has an empty one
 */
public record Target(List<String> path, SortedMap<String, String> query) {
    private static final int LENGTH_MAX = 4096;
    private static final int WORDS_MAX = 8;
    private static final int WORD_LENGTH_MAX = 255;
    private static final int QUERY_MAX = 16;

    public Target {
        path = List.copyOf(path);
        query = Collections.unmodifiableSortedMap(new TreeMap<>(query));
    }

    /** Takes {@code /v1/ha/az1?pretty} apart; empty if it is malformed, too long, or climbs ({@code ..}). */
    public static Optional<Target> parse(String raw) {
        if (raw.length() > LENGTH_MAX || !raw.startsWith("/")) {
            return Optional.empty();
        }
        int mark = raw.indexOf('?');
        var path = new ArrayList<String>();
        for (String part :
                (mark < 0 ? raw : raw.substring(0, mark)).substring(1).split("/", -1)) {
            Optional<String> word = decode(part, false).filter(Target::isFit);
            if (word.isEmpty() || path.size() == WORDS_MAX) {
                return Optional.empty();
            }
            path.add(word.get());
        }
        if (path.get(path.size() - 1).isEmpty()) {
            path.remove(path.size() - 1); // the root, or a slash at the end
        }
        if (path.contains("")) {
            return Optional.empty();
        }
        return mark < 0 ? Optional.of(new Target(path, new TreeMap<>())) : withQuery(path, raw.substring(mark + 1));
    }

    private static Optional<Target> withQuery(List<String> path, String raw) {
        var query = new TreeMap<String, String>();
        for (String pair : raw.split("&", -1)) {
            int equals = pair.indexOf('=');
            Optional<String> key = decode(equals < 0 ? pair : pair.substring(0, equals), true);
            Optional<String> value = equals < 0 ? Optional.of("") : decode(pair.substring(equals + 1), true);
            if (key.isEmpty() || value.isEmpty() || query.size() == QUERY_MAX) {
                return Optional.empty();
            }
            if (!key.get().isEmpty()) {
                query.putIfAbsent(key.get(), value.get());
            }
        }
        return Optional.of(new Target(path, query));
    }

    private static boolean isFit(String word) {
        return word.length() <= WORD_LENGTH_MAX
                && (word.isEmpty() || !word.isBlank())
                && !word.equals(".")
                && !word.equals("..")
                && word.indexOf('/') < 0
                && word.codePoints().noneMatch(Character::isISOControl);
    }

    /** Takes percent-encoding off; empty if it is malformed or no UTF-8. */
    public static Optional<String> decode(String raw, boolean plusIsSpace) {
        if (raw.indexOf('%') < 0 && raw.indexOf('+') < 0) {
            return Optional.of(raw);
        }
        ByteBuffer bytes = ByteBuffer.allocate(raw.length());
        for (int i = 0; i < raw.length(); i++) {
            char c = raw.charAt(i);
            if (c == '%') {
                int high = i + 2 < raw.length() ? Character.digit(raw.charAt(i + 1), 16) : -1;
                int low = high < 0 ? -1 : Character.digit(raw.charAt(i + 2), 16);
                if (low < 0) {
                    return Optional.empty();
                }
                bytes.put((byte) ((high << 4) | low));
                i += 2;
            } else if (c == '+' && plusIsSpace) {
                bytes.put((byte) ' ');
            } else if (c < 0x80) {
                bytes.put((byte) c);
            } else {
                return Optional.empty(); // must be percent-encoded
            }
        }
        try {
            return Optional.of(
                    StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString());
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }
}

package io.vmha.recovery.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One mapping of the configuration, read key by key. A wrong value is added to the problems as a sentence that names the key, what was
 * expected and what was found, and a stand-in is returned, so that reading goes on and all problems are seen at once.
 */
public final class Section {
    private static final Pattern DURATION = Pattern.compile("([0-9]{1,9})(ms|s|m|h)");

    private final String path;
    private final Map<String, Object> values = new LinkedHashMap<>();
    private final Set<String> known = new TreeSet<>();
    private final List<String> problems;

    /** @param path where the section stands, such as {@code openstack}; used in the sentences */
    public Section(String path, Map<?, ?> values, List<String> problems) {
        this.path = path;
        this.problems = problems;
        values.forEach((key, value) -> this.values.put(String.valueOf(key), value));
    }

    public List<String> problems() {
        return problems;
    }

    /** Adds a sentence about one key of this section. */
    public void problem(String key, String sentence) {
        problems.add(path + "." + key + " " + sentence);
    }

    public boolean has(String key) {
        known.add(key);
        return values.get(key) != null;
    }

    /** The text under a key; numbers and booleans count as text; empty if the key is absent. */
    public Optional<String> text(String key) {
        known.add(key);
        var value = values.get(key);
        if (value == null) {
            return Optional.empty();
        }
        if (!(value instanceof String || value instanceof Number || value instanceof Boolean)) {
            problem(key, "must be a text but is a " + kindOf(value));
            return Optional.empty();
        }
        var text = String.valueOf(value);
        if (text.isBlank()) {
            problem(key, "must not be empty; remove the key to leave it unset");
            return Optional.empty();
        }
        return Optional.of(text);
    }

    public String requiredText(String key) {
        boolean present = has(key);
        var text = text(key);
        if (!present) {
            problem(key, "is missing");
        }
        return text.orElse("?");
    }

    /** A time such as {@code 500ms}, {@code 5s}, {@code 2m}, within the bounds. */
    public Duration duration(String key, Duration standard, Duration min, Duration max) {
        var text = text(key);
        if (text.isEmpty()) {
            return standard;
        }
        Matcher matcher = DURATION.matcher(text.get());
        if (!matcher.matches()) {
            problem(key, "must be a time such as 500ms, 5s or 2m but is '" + text.get() + "'");
            return standard;
        }
        long number = Long.parseLong(matcher.group(1));
        Duration duration = switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            default -> Duration.ofHours(number);
        };
        if (duration.compareTo(min) < 0 || duration.compareTo(max) > 0) {
            problem(key, "must be between " + written(min) + " and " + written(max) + " but is " + text.get());
            return standard;
        }
        return duration;
    }

    public int integer(String key, int standard, int min, int max) {
        var text = text(key);
        if (text.isEmpty()) {
            return standard;
        }
        try {
            int number = Integer.parseInt(text.get());
            if (number >= min && number <= max) {
                return number;
            }
        } catch (NumberFormatException e) {
            // reported below, together with numbers out of range
        }
        problem(key, "must be a whole number from " + min + " to " + max + " but is '" + text.get() + "'");
        return standard;
    }

    public Optional<Path> file(String key) {
        try {
            return text(key).map(Path::of);
        } catch (InvalidPathException e) {
            problem(key, "is not a file name: " + e.getMessage());
            return Optional.empty();
        }
    }

    /** The mapping under a key; empty if absent. */
    public Optional<Section> section(String key) {
        known.add(key);
        var value = values.get(key);
        if (value == null) {
            return Optional.empty();
        }
        if (value instanceof Map<?, ?> map) {
            return Optional.of(new Section(path + "." + key, map, problems));
        }
        problem(key, "must be a mapping but is a " + kindOf(value));
        return Optional.empty();
    }

    /** Every key of this section with its section, for mappings whose keys are names. */
    public Map<String, Section> sections() {
        var sections = new LinkedHashMap<String, Section>();
        for (String key : values.keySet()) {
            if (has(key)) {
                section(key).ifPresent(section -> sections.put(key, section));
            } else {
                problem(key, "must be a mapping but is empty");
            }
        }
        return sections;
    }

    /** Every key of this section with its text, for free mappings such as the options of a fence agent. */
    public Map<String, String> texts() {
        var texts = new TreeMap<String, String>();
        for (String key : values.keySet()) {
            if (has(key)) {
                text(key).ifPresent(text -> texts.put(key, text));
            } else {
                problem(key, "must not be empty");
            }
        }
        return Collections.unmodifiableMap(texts);
    }

    /** Reports the keys that nobody asked for; to be called last. */
    public void refuseUnknownKeys() {
        for (String key : values.keySet()) {
            if (!known.contains(key)) {
                problem(key, "is not a known key; known are " + String.join(", ", known));
            }
        }
    }

    private static String kindOf(Object value) {
        return value instanceof Map
                ? "mapping"
                : value instanceof Iterable ? "list" : value.getClass().getSimpleName();
    }

    private static String written(Duration duration) {
        return duration.toMillis() % 1000 == 0 ? duration.toSeconds() + "s" : duration.toMillis() + "ms";
    }
}

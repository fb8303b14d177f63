package io.vmha.node.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * One mapping of the configuration file, read key by key. A wrong value becomes a problem with its line, and the default stands in for it,
 * so that reading goes on and all problems are seen at once.
 */
final class Settings {
    private static final Pattern DURATION = Pattern.compile("([0-9]{1,9})(ms|s|m|h)");
    private static final int KEY_LENGTH_MAX = 128;
    private static final int SHOWN_MAX = 60;

    private final String path;
    private final int line;
    private final Problems problems;
    private final Map<String, Integer> lines = new LinkedHashMap<>();
    private final Map<String, Node> values = new LinkedHashMap<>();
    private final Set<String> known = new TreeSet<>();

    /**
     * A mapping that is there.
     *
     * @param path its dotted path in the file, empty at the top
     */
    Settings(String path, int line, MappingNode node, Problems problems) {
        this(path, line, problems);
        for (NodeTuple tuple : node.getValue()) {
            int at = YamlFile.line(tuple.getKeyNode());
            if (!(tuple.getKeyNode() instanceof ScalarNode key)
                    || key.getValue().length() > KEY_LENGTH_MAX) {
                problems.add(at, "a key must be a word of at most " + KEY_LENGTH_MAX + " characters");
            } else if (values.putIfAbsent(key.getValue(), tuple.getValueNode()) != null) {
                problems.add(
                        at,
                        name(key.getValue()) + " is set a second time; the first is in line "
                                + lines.get(key.getValue()) + "; remove one of them");
            } else {
                lines.put(key.getValue(), at);
            }
        }
    }

    private Settings(String path, int line, Problems problems) {
        this.path = path;
        this.line = line;
        this.problems = problems;
    }

    Problems problems() {
        return problems;
    }

    int line() {
        return line;
    }

    /** The full dotted name of a key of this mapping. */
    String name(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    /** The line of a key; of this mapping if the key is absent. */
    int line(String key) {
        return lines.getOrDefault(key, line);
    }

    /** Adds a problem with one key's value; the sentence goes on after the key's name. */
    void problem(String key, String sentence) {
        problems.add(line(key), name(key) + " " + sentence);
    }

    boolean has(String key) {
        known.add(key);
        return values.containsKey(key);
    }

    Set<String> keys() {
        return values.keySet();
    }

    /** The text under a key; empty if the key is absent, and, with a problem, if its value is no text. */
    Optional<String> text(String key) {
        return has(key) ? scalar(key, values.get(key)) : Optional.empty();
    }

    /** The text under a key that must be there; empty with a problem if it is not. */
    Optional<String> required(String key, String whatToDo) {
        if (!has(key)) {
            problem(key, "is missing; " + whatToDo);
        }
        return text(key);
    }

    private Optional<String> scalar(String key, Node value) {
        if (!(value instanceof ScalarNode scalar)) {
            problem(key, "must be one value but is " + kindOf(value));
            return Optional.empty();
        }
        if (scalar.getTag().equals(Tag.NULL) || scalar.getValue().isBlank()) {
            problem(key, "must not be empty; remove the line to leave it unset");
            return Optional.empty();
        }
        return Optional.of(scalar.getValue().strip());
    }

    boolean flag(String key, boolean standard) {
        Optional<String> text = text(key);
        if (text.isEmpty()) {
            return standard;
        }
        if (text.get().equals("true") || text.get().equals("false")) {
            return text.get().equals("true");
        }
        problem(key, "must be true or false but is '" + shown(text.get()) + "'");
        return standard;
    }

    int integer(String key, int standard, int min, int max) {
        Optional<String> text = text(key);
        if (text.isEmpty()) {
            return standard;
        }
        if (text.get().matches("-?[0-9]{1,9}")) {
            int number = Integer.parseInt(text.get());
            if (number >= min && number <= max) {
                return number;
            }
        }
        problem(key, "must be a whole number from " + min + " to " + max + " but is '" + shown(text.get()) + "'");
        return standard;
    }

    Duration duration(String key, Duration standard, Duration min, Duration max) {
        Optional<String> text = text(key);
        if (text.isEmpty()) {
            return standard;
        }
        Matcher matcher = DURATION.matcher(text.get());
        if (!matcher.matches()) {
            problem(key, "must be a time such as 500ms, 10s or 2m but is '" + shown(text.get()) + "'");
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
            problem(key, "must be from " + written(min) + " to " + written(max) + " but is " + text.get());
            return standard;
        }
        return duration;
    }

    Optional<Path> file(String key) {
        Optional<String> text = text(key);
        try {
            return text.map(Path::of);
        } catch (InvalidPathException e) {
            problem(key, "is not a file name: " + e.getReason());
            return Optional.empty();
        }
    }

    /** The texts of a list; a single text counts as a list of one. Empty if absent. */
    List<String> texts(String key, int most) {
        if (!has(key)) {
            return List.of();
        }
        if (!(values.get(key) instanceof SequenceNode list)) {
            return scalar(key, values.get(key)).map(List::of).orElse(List.of());
        }
        var texts = new ArrayList<String>();
        for (Node item : list.getValue()) {
            scalar(key, item).ifPresent(texts::add);
        }
        if (texts.size() > most) {
            problem(key, "must have at most " + most + " entries but has " + texts.size());
            return List.of();
        }
        return texts;
    }

    /** The mapping under a key; an empty one if the key is absent, so that every default applies. */
    Settings section(String key) {
        if (!has(key)) {
            return new Settings(name(key), line, problems);
        }
        if (values.get(key) instanceof MappingNode mapping) {
            return new Settings(name(key), line(key), mapping, problems);
        }
        problem(key, "must be a mapping of keys to values but is " + kindOf(values.get(key)));
        return new Settings(name(key), line(key), problems);
    }

    /** Every key with its text, for mappings whose keys are free. */
    Map<String, String> freeTexts() {
        var texts = new TreeMap<String, String>();
        for (String key : keys()) {
            text(key).ifPresent(text -> texts.put(key, text));
        }
        return texts;
    }

    /** Reports the keys that nobody asked for; to be called when everything known has been asked for. */
    void refuseUnknownKeys() {
        for (String key : keys()) {
            if (!known.contains(key)) {
                problem(
                        key,
                        Nearest.to(key, known)
                                .map(near -> "is not a known key; did you mean " + near + "?")
                                .orElse("is not a known key; known here are " + String.join(", ", known)));
            }
        }
    }

    private static String kindOf(Node value) {
        if (value instanceof MappingNode) {
            return "a mapping";
        }
        if (value instanceof SequenceNode) {
            return "a list";
        }
        return value.getTag().equals(Tag.NULL) ? "empty" : "one value";
    }

    private static String shown(String text) {
        return text.length() <= SHOWN_MAX ? text : text.substring(0, SHOWN_MAX) + "...";
    }

    static String written(Duration duration) {
        return duration.toMillis() % 1000 == 0 ? duration.toSeconds() + "s" : duration.toMillis() + "ms";
    }
}

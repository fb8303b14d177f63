package io.vmha.testcluster.cluster;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** What stands in one daemon's configuration file, as a person would write it: sections within sections, changed by their paths. */
public final class VmhadSettings {
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z/][A-Za-z0-9_./-]*");

    private final Map<String, Object> root = new LinkedHashMap<>();

    /** Sets one value: a text, a number, a truth value, or a list of texts. */
    public VmhadSettings set(String path, Object value) {
        String[] names = path.split("\\.", -1);
        Map<String, Object> section = root;
        for (int i = 0; i < names.length - 1; i++) {
            section = inside(section, names[i]);
        }
        section.put(names[names.length - 1], value);
        return this;
    }

    @SuppressWarnings("unchecked") // set() puts nothing but maps of this kind where a path goes on
    private static Map<String, Object> inside(Map<String, Object> section, String name) {
        return (Map<String, Object>) section.computeIfAbsent(name, n -> new LinkedHashMap<String, Object>());
    }

    /** The file's text. */
    public String yaml() {
        var text = new StringBuilder();
        write(text, root, "");
        return text.toString();
    }

    private static void write(StringBuilder text, Map<?, ?> section, String indent) {
        section.forEach((name, value) -> {
            text.append(indent).append(name).append(':');
            if (value instanceof Map<?, ?> inner) {
                text.append('\n');
                write(text, inner, indent + "  ");
            } else if (value instanceof List<?> list) {
                text.append('\n');
                list.forEach(item ->
                        text.append(indent).append("  - ").append(scalar(item)).append('\n'));
            } else {
                text.append(' ').append(scalar(value)).append('\n');
            }
        });
    }

    private static String scalar(Object value) {
        if (value instanceof Number || value instanceof Boolean) {
            return value.toString();
        }
        String text = value.toString();
        return PLAIN.matcher(text).matches()
                ? text
                : '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
}

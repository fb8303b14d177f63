package io.vmha.node.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Where text is shown: lines, aligned tables, and colours for words that mean good or bad if a person is looking. */
final class Screen {
    private static final String RESET = "\u001b[0m";
    private static final String GOOD = "\u001b[32m";
    private static final String WARN = "\u001b[33m";
    private static final String BAD = "\u001b[31m";
    private static final Map<String, String> COLOURS = Map.ofEntries(
            Map.entry("alive", GOOD),
            Map.entry("in service", GOOD),
            Map.entry("armed", GOOD),
            Map.entry("recovered", GOOD),
            Map.entry("passed", GOOD),
            Map.entry("suspect", WARN),
            Map.entry("left", WARN),
            Map.entry("leaving", WARN),
            Map.entry("held", WARN),
            Map.entry("disarmed", WARN),
            Map.entry("waiting", WARN),
            Map.entry("in recovery", WARN),
            Map.entry("open", WARN),
            Map.entry("failed", BAD),
            Map.entry("down", BAD));

    private final PrintWriter out;
    private final boolean coloured;

    Screen(PrintWriter out, boolean coloured) {
        this.out = out;
        this.coloured = coloured;
    }

    void line(String text) {
        out.println(text);
    }

    /** A label and its value, aligned with the other facts. */
    void fact(String label, String value) {
        out.println(pad(label, 12) + value);
    }

    /** Columns as wide as their widest cell; the last one is as wide as it is. */
    void table(List<String> head, List<List<String>> rows) {
        var all = new ArrayList<List<String>>();
        all.add(head);
        all.addAll(rows);
        int[] widths = new int[head.size()];
        for (List<String> row : all) {
            for (int i = 0; i < row.size(); i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        for (List<String> row : all) {
            var line = new StringBuilder();
            for (int i = 0; i < row.size(); i++) {
                String cell = row.get(i);
                line.append(painted(cell));
                if (i < row.size() - 1) {
                    line.append(" ".repeat(widths[i] - cell.length() + 2));
                }
            }
            out.println(line.toString().stripTrailing());
        }
    }

    String painted(String word) {
        String colour = coloured ? COLOURS.get(word) : null;
        return colour == null ? word : colour + word + RESET;
    }

    private static String pad(String text, int width) {
        return text + " ".repeat(Math.max(1, width - text.length()));
    }
}

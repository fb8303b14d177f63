package io.vmha.testcluster.demo;

import java.io.PrintStream;
import java.util.Locale;

/** What the person at the terminal sees: steps with their time, then the timeline, then the report. */
final class Screen {
    private final PrintStream out;
    private final boolean color;
    private final long startedNanos = System.nanoTime();

    Screen(PrintStream out, boolean color) {
        this.out = out;
        this.color = color;
    }

    synchronized void step(String what) {
        out.println(paint("2", String.format(Locale.ROOT, "%6.1f s  ", (System.nanoTime() - startedNanos) / 1e9))
                + what);
    }

    synchronized void title(String text) {
        out.println();
        out.println(paint("1", text));
    }

    synchronized void line(String text) {
        out.println(text);
    }

    /** One event, timed from the moment the power was cut. */
    synchronized void event(double seconds, String who, String what) {
        String tone = tone(what);
        out.println(paint("36", String.format(Locale.ROOT, "  +%5.2f s  ", seconds))
                + String.format(Locale.ROOT, "%-12s", who) + " " + paint(tone, what));
    }

    private static String tone(String what) {
        String counted = what.replace(" 0 failed", ""); // none of them is good news
        return counted.contains("failed") ? "31" : counted.contains("recovered") ? "32" : "0";
    }

    String good(String text) {
        return paint("32", text);
    }

    String bad(String text) {
        return paint("31", text);
    }

    private String paint(String code, String text) {
        return color ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
    }
}

package io.vmha.testcluster.faults.run;

import java.io.PrintStream;
import java.util.Locale;

/** The terminal: lines that stay, and one line of progress that is written over where the output is a terminal. */
public final class Console {
    private static final int WIDTH = 110;

    private final PrintStream out;
    private final boolean live;
    private final long startedNanos = System.nanoTime();
    private int shown;
    private String lastProgress = "";

    /** @param live whether the output is a terminal */
    public Console(PrintStream out, boolean live) {
        this.out = out;
        this.live = live;
    }

    /** A line that stays. */
    public synchronized void line(String text) {
        clear();
        out.printf(Locale.ROOT, "%7.1f  %s%n", (System.nanoTime() - startedNanos) / 1e9, text);
        out.flush();
    }

    void fault(int number, String words) {
        line((live ? "\u001b[33m" : "") + "fault " + number + "  " + words + (live ? "\u001b[0m" : ""));
    }

    void healed(boolean well, long tookMs) {
        String after = String.format(Locale.ROOT, "%.1f s", tookMs / 1e3);
        String words = well ? "all well again after " + after : "NOT WELL after " + after + ": " + lastProgress;
        line((live ? well ? "\u001b[32m" : "\u001b[31m" : "") + words + (live ? "\u001b[0m" : ""));
    }

    /** What is going on now. */
    public synchronized void progress(String text) {
        boolean news = !text.equals(lastProgress);
        lastProgress = text;
        if (!live && news) {
            line("  " + text);
        }
        if (live) {
            clear();
            String cut = text.length() > WIDTH ? text.substring(0, WIDTH) : text;
            out.printf(Locale.ROOT, "%7.1f  \u001b[2m%s\u001b[0m\r", (System.nanoTime() - startedNanos) / 1e9, cut);
            out.flush();
            shown = cut.length() + 9;
        }
    }

    private void clear() {
        if (shown > 0) {
            out.print("\r" + " ".repeat(shown) + "\r");
            shown = 0;
        }
    }
}

package io.vmha.testcluster.faults.lab;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Runs programs and waits for things. */
public final class Shell {
    private static final int LIMIT_S = 60;
    private static final int TAIL_CHARS_MAX = 2_000;

    /** What a program said, on both of its outputs, and its exit status. */
    public record Outcome(int status, String output) {}

    private Shell() {}

    /** Runs a program to its end; its output comes back without the last line break. */
    public static String run(List<String> command) {
        Outcome outcome = attempt(command, "");
        if (outcome.status() != 0) {
            throw new LabException(String.join(" ", command) + " ended with status " + outcome.status() + ": "
                    + tail(outcome.output()));
        }
        return outcome.output();
    }

    /** Runs a program to its end, whatever that is, with this text on its standard input. */
    public static Outcome attempt(List<String> command, String input) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            try (var in = process.getOutputStream()) {
                in.write(input.getBytes(StandardCharsets.UTF_8));
            } catch (IOException e) {
                // it did not want to read: its status and words say more
            }
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(LIMIT_S, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new LabException(String.join(" ", command) + " has not ended after " + LIMIT_S + " s");
            }
            return new Outcome(process.exitValue(), output.stripTrailing());
        } catch (IOException e) {
            throw new LabException(command.get(0) + " cannot be run: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LabException("interrupted", e);
        }
    }

    private static String tail(String text) {
        return text.length() <= TAIL_CHARS_MAX ? text : text.substring(text.length() - TAIL_CHARS_MAX);
    }

    /** Looks again and again, at most for this time; says whether it became true. */
    public static boolean await(long limitMs, BooleanSupplier condition) {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(limitMs);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > until) {
                return false;
            }
            pause(100);
        }
        return true;
    }

    /** Lets time pass, or ends early when the run is interrupted. */
    public static void pause(long ms) {
        java.util.concurrent.locks.LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(ms));
        if (Thread.currentThread().isInterrupted()) {
            throw new LabException("interrupted");
        }
    }

    /** Lets all of this time pass. */
    public static void pass(long ms) {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ms);
        for (long left = until - System.nanoTime(); left > 0; left = until - System.nanoTime()) {
            pause(Math.min(TimeUnit.NANOSECONDS.toMillis(left) + 1, 500));
        }
    }
}

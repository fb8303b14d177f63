package io.vmha.recovery.fencing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;

/** Runs a program to its end or to a time limit, whichever comes first, and keeps the beginning of what it says. */
public final class ChildProcess {
    static final int OUTPUT_BYTES_MAX = 64 * 1024;
    /** What is printed in the last moment may arrive after the end of the process. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(1);

    private ChildProcess() {}

    /**
     * How it went.
     *
     * @param exit empty if it did not come to its end
     * @param trouble why it did not; empty if it did
     * @param output standard output and standard error, cut off at a bound
     */
    public record Outcome(OptionalInt exit, String trouble, String output) {
        static Outcome ended(int status, String output) {
            return new Outcome(OptionalInt.of(status), "", output);
        }

        static Outcome failed(String trouble, String output) {
            return new Outcome(OptionalInt.empty(), trouble, output);
        }

        public boolean hasExit(int status) {
            return exit.isPresent() && exit.getAsInt() == status;
        }
    }

    /** Runs a command with nothing of this process's environment but what is given. */
    public static Outcome run(List<String> command, Map<String, String> environment, String input, Duration limit) {
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().clear();
        builder.environment().put("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        builder.environment().put("LC_ALL", "C");
        builder.environment().put("PYTHONWARNINGS", "ignore"); // Debian 12's agents warn of deprecated modules
        builder.environment().putAll(environment);
        Process process;
        try {
            process = builder.start();
        } catch (IOException e) {
            return Outcome.failed("cannot be started: " + e.getMessage(), "");
        }
        var listener = new Listener(process.getInputStream());
        try {
            listener.start();
            write(process, input);
            if (!process.waitFor(limit.toNanos(), TimeUnit.NANOSECONDS)) {
                kill(process);
                return Outcome.failed("killed: it had not ended within " + limit.toMillis() + " ms", listener.heard());
            }
            listener.join(LAST_WORDS.toMillis());
            return Outcome.ended(process.exitValue(), listener.heard());
        } catch (InterruptedException e) {
            kill(process);
            Thread.currentThread().interrupt();
            return Outcome.failed("killed: vmhad is stopping", "");
        } finally {
            kill(process); // what it may have left behind in the background, too
        }
    }

    private static void write(Process process, String input) {
        // far less than a pipe holds, so this cannot block on a child that does not read
        try (var out = process.getOutputStream()) {
            out.write(input.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            // it ended, or closed its input, without reading: its exit status tells
        }
    }

    private static void kill(Process process) {
        var descendants = process.descendants().toList(); // before its end, while they still are its descendants
        process.destroyForcibly();
        for (var descendant : descendants) {
            descendant.descendants().forEach(ProcessHandle::destroyForcibly);
            descendant.destroyForcibly();
        }
    }

    /** Reads all that is said, so that the child never blocks, and keeps the first part. */
    private static final class Listener extends Thread {
        private final InputStream in;
        private final ByteArrayOutputStream kept = new ByteArrayOutputStream();

        Listener(InputStream in) {
            super("fence-agent-output");
            this.in = in;
            setDaemon(true);
        }

        @Override
        public void run() {
            var buffer = new byte[8192];
            try (in) {
                for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                    keep(buffer, count);
                }
            } catch (IOException e) {
                // the pipe was closed under us: there is no more to hear
            }
        }

        private synchronized void keep(byte[] buffer, int count) {
            kept.write(buffer, 0, Math.min(count, OUTPUT_BYTES_MAX - kept.size()));
        }

        synchronized String heard() {
            return kept.toString(StandardCharsets.UTF_8);
        }
    }
}

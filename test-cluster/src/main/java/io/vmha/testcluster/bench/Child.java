package io.vmha.testcluster.bench;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A process that says things on standard output, one a line, the first word being what they are about; dies with this JVM. */
final class Child {
    private final Process process;
    private final Map<String, List<String>> said = new TreeMap<>();
    private final Map<String, Integer> read = new TreeMap<>();
    private int before;
    private String counted = "";

    private Child(Process process) {
        this.process = process;
    }

    static Child start(List<String> command, Path errors) throws IOException {
        List<String> tied = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL"));
        tied.addAll(command);
        Process process = new ProcessBuilder(tied)
                .redirectError(ProcessBuilder.Redirect.appendTo(new File(errors.toString())))
                .start();
        Child child = new Child(process);
        Thread listener = new Thread(child::listen, "child-" + process.pid());
        listener.setDaemon(true);
        listener.start();
        return child;
    }

    /** Goes on counting where an earlier process in the same place stopped. */
    Child counting(String about, int count) {
        counted = about;
        before = count;
        return this;
    }

    private void listen() {
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                int space = line.indexOf(' ');
                note(space < 0 ? line : line.substring(0, space), space < 0 ? "" : line.substring(space + 1));
            }
        } catch (IOException e) {
            note("ended", e.toString());
        }
    }

    private synchronized void note(String about, String what) {
        said.computeIfAbsent(about, a -> new ArrayList<>()).add(what);
    }

    void order(String line) {
        try {
            Writer in = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8);
            in.write(line + "\n");
            in.flush();
        } catch (IOException e) {
            throw new IllegalStateException("process " + process.pid() + " takes no orders: " + e.getMessage(), e);
        }
    }

    /** The next thing said about this that was not awaited yet. */
    String await(String about) {
        return Await.that("process " + process.pid() + " to say " + about, Duration.ofSeconds(60), () -> next(about));
    }

    private synchronized Optional<String> next(String about) {
        List<String> all = said.getOrDefault(about, List.of());
        int index = read.getOrDefault(about, 0);
        if (index >= all.size()) {
            return Optional.empty();
        }
        read.put(about, index + 1);
        return Optional.of(all.get(index));
    }

    synchronized Optional<String> last(String about) {
        List<String> all = said.getOrDefault(about, List.of());
        return all.isEmpty() ? Optional.empty() : Optional.of(all.get(all.size() - 1));
    }

    synchronized int count(String about) {
        return said.getOrDefault(about, List.of()).size() + (about.equals(counted) ? before : 0);
    }

    boolean isAlive() {
        return process.isAlive();
    }

    ProcessHandle handle() {
        return process.toHandle();
    }

    void end() {
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

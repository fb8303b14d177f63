package io.vmha.testcluster.guard;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** One real vmha-guard. It ends with this JVM, and with the thread that started it: the kernel ties it to that. */
public final class GuardProcess implements AutoCloseable {
    private static final Object BUILDING = new Object();
    private static Path binary;

    private final Path status;
    private final Process process;

    private GuardProcess(Path status, Process process) {
        this.status = status;
        this.process = process;
    }

    /** The compiled program; compiles it the first time. */
    public static Path binary() {
        synchronized (BUILDING) {
            if (binary == null) {
                Path project = project();
                Path out = project.resolve("test-cluster/target/guard");
                run(List.of(project.resolve("packaging/src/guard/build").toString(), out.toString()));
                binary = out.resolve("vmha-guard");
            }
            return binary;
        }
    }

    private static Path project() {
        for (Path dir = Path.of(System.getProperty("vmha.top", "")).toAbsolutePath();
                dir != null;
                dir = dir.getParent()) {
            if (Files.isDirectory(dir.resolve(".mvn"))) {
                return dir;
            }
        }
        throw new IllegalStateException("no directory above the working directory contains .mvn: run in the project");
    }

    private static void run(List<String> command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IllegalStateException(command.get(0) + " failed: " + output);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while " + command.get(0) + " ran", e);
        }
    }

    /**
     * Starts a guard.
     *
     * @param prefix a command to run it in, such as {@code ip netns exec NAME}; empty for none
     * @param directory where its lease is read ({@code lease}), where it tells of itself ({@code guard}), and where it logs
     * @param domains as on its command line: {@code libvirt} or {@code pids:DIR}
     */
    public static GuardProcess start(List<String> prefix, Path directory, String domains, String... more) {
        Path home = directory.toAbsolutePath();
        List<String> tied = List.of("setpriv", "--pdeathsig", "KILL");
        var command = new ArrayList<>(tied);
        command.addAll(prefix);
        command.addAll(tied); // a prefix that enters a namespace may fork
        command.addAll(List.of(
                binary().toString(),
                "--lease",
                home.resolve("lease").toString(),
                "--status",
                home.resolve("guard").toString(),
                "--domains",
                domains));
        command.addAll(List.of(more));
        try {
            Files.createDirectories(home);
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(
                            home.resolve("guard.log").toFile()))
                    .start();
            return new GuardProcess(home.resolve("guard"), process);
        } catch (IOException e) {
            throw new UncheckedIOException("vmha-guard cannot be started in " + home, e);
        }
    }

    /** What it says of itself; empty before it has said anything. */
    public Map<String, String> status() {
        var values = new TreeMap<String, String>();
        try {
            for (String line : Files.readAllLines(status)) {
                int equals = line.indexOf('=');
                values.put(line.substring(0, equals), line.substring(equals + 1));
            }
        } catch (NoSuchFileException e) {
            return values; // not yet
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return values;
    }

    public ProcessHandle handle() {
        return process.toHandle();
    }

    /** Waits for its end and returns its exit status. */
    public int awaitEnd() {
        try {
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                throw new IllegalStateException("vmha-guard does not end, pid " + process.pid());
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for vmha-guard", e);
        }
    }

    /** {@code kill -9}. */
    @Override
    public void close() {
        process.destroyForcibly();
    }
}

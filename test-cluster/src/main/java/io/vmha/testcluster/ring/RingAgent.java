package io.vmha.testcluster.ring;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** One agent process of a ring, and what it noticed. */
final class RingAgent {
    private static final int PORT = 7946;
    private static final int RPC_PORT = 7373;
    private static final double TICKS_PER_SECOND = 100; // USER_HZ

    private final String name;
    private final String address;
    private final Kind kind;
    private final Namespace namespace;
    private final List<Sighting> sightings = new CopyOnWriteArrayList<>();
    private Process process;

    RingAgent(String name, String address, Kind kind, Namespace namespace) {
        this.name = name;
        this.address = address;
        this.kind = kind;
        this.namespace = namespace;
    }

    String name() {
        return name;
    }

    String address() {
        return address;
    }

    Kind kind() {
        return kind;
    }

    /** Starts it, or starts it again. */
    void start(Optional<RingAgent> seed) {
        List<String> command = new ArrayList<>();
        if (kind == Kind.SERF) {
            command.addAll(List.of("serf", "agent", "-node=" + name, "-bind=" + address + ":" + PORT));
            command.add("-rpc-addr=" + address + ":" + RPC_PORT);
            seed.ifPresent(member -> command.add("-join=" + member.address));
        } else {
            // as small as a daemon of its own would be run
            command.addAll(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx32m",
                    "-Xss512k",
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                    "-cp",
                    System.getProperty("java.class.path"),
                    RingAgentMain.class.getName(),
                    name,
                    address,
                    String.valueOf(PORT)));
            seed.ifPresent(member -> command.add(member.address));
        }
        process = namespace.start(command);
        Process started = process;
        Thread reader = new Thread(() -> read(started), "reader-" + name);
        reader.setDaemon(true);
        reader.start();
    }

    private void read(Process started) {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(started.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                Sighting.in(line, System.nanoTime()).ifPresent(sightings::add);
            }
        } catch (IOException ended) {
            // the process was killed
        }
    }

    List<Sighting> sightings() {
        return List.copyOf(sightings);
    }

    /** The first time since then that it noticed this. */
    Optional<Sighting> since(long nanos, String event, String member) {
        return sightings.stream()
                .filter(seen -> seen.atNanos() >= nanos && seen.is(event, member))
                .findFirst();
    }

    boolean isRunning() {
        return process != null && process.isAlive();
    }

    /** kill -9. */
    void kill() {
        process.destroyForcibly();
        process.onExit().join();
    }

    /** Processor time used so far. */
    double cpuSeconds() {
        String stat = proc("stat");
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS_PER_SECOND;
    }

    /** Memory that is there for it alone or shared. */
    double residentMiB() {
        return proc("status")
                        .lines()
                        .filter(line -> line.startsWith("VmRSS:"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                        .sum()
                / 1024.0;
    }

    private String proc(String file) {
        try {
            return Files.readString(Path.of("/proc", String.valueOf(process.pid()), file));
        } catch (IOException gone) {
            throw new UncheckedIOException(name + " has ended", gone);
        }
    }
}

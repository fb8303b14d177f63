package io.vmha.gossip.netty;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** A real {@code serf agent} of the distribution, on its own loopback address. */
final class SerfProcess implements AutoCloseable {
    private static final int GOSSIP_PORT = 7946;
    private static final int RPC_PORT = 7373;

    private final String name;
    private final InetSocketAddress address;
    private final Process process;
    private final Path log;

    private SerfProcess(String name, InetSocketAddress address, Process process, Path log) {
        this.name = name;
        this.address = address;
        this.process = process;
        this.log = log;
    }

    /**
     * Starts an agent and waits until it answers.
     *
     * @param key empty for none
     * @param more further options of {@code serf agent}
     */
    static SerfProcess start(String name, Path directory, byte[] key, String... more) {
        InetSocketAddress address = Loopback.address(GOSSIP_PORT);
        String ip = address.getAddress().getHostAddress();
        List<String> command = new ArrayList<>(List.of(
                "serf",
                "agent",
                "-node=" + name,
                "-bind=" + ip + ":" + GOSSIP_PORT,
                "-rpc-addr=" + ip + ":" + RPC_PORT,
                "-log-level=debug"));
        if (key.length > 0) {
            command.add("-encrypt=" + Base64.getEncoder().encodeToString(key));
        }
        command.addAll(Arrays.asList(more));
        Path log = directory.resolve("serf-" + name + ".log");
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            SerfProcess serf = new SerfProcess(name, address, process, log);
            Await.until(
                    "serf agent " + name + " answers",
                    Duration.ofSeconds(60),
                    serf::statuses,
                    seen -> seen.contains(name + "=alive"));
            return serf;
        } catch (IOException missing) {
            throw new UncheckedIOException("install the Debian package serf", missing);
        }
    }

    InetSocketAddress address() {
        return address;
    }

    long pid() {
        return process.pid();
    }

    /** Runs a command of the serf CLI against this agent. */
    String run(String... arguments) {
        List<String> command = new ArrayList<>();
        command.add("serf");
        command.add(arguments[0]);
        command.add("-rpc-addr=" + address.getAddress().getHostAddress() + ":" + RPC_PORT);
        command.addAll(Arrays.asList(arguments).subList(1, arguments.length));
        try {
            Process cli = new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(cli.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!cli.waitFor(30, TimeUnit.SECONDS)) {
                cli.destroyForcibly();
                throw new AssertionError(command + " does not end; its output so far: " + output);
            }
            return output;
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AssertionError(interrupted);
        }
    }

    /** All members as {@code name=status}, sorted by name. */
    String statuses() {
        Map<String, String> statuses = new TreeMap<>();
        members()
                .forEach((member, json) ->
                        statuses.put(member, json.get("status").asText()));
        StringBuilder text = new StringBuilder();
        statuses.forEach((member, status) ->
                text.append(member).append('=').append(status).append(' '));
        return text.toString().trim();
    }

    /** The tags of a member as JSON. */
    String tags(String member) {
        JsonNode json = members().get(member);
        return json == null ? "" : json.get("tags").toString();
    }

    private Map<String, JsonNode> members() {
        String output = run("members", "-format=json");
        Map<String, JsonNode> members = new TreeMap<>();
        if (output.startsWith("{")) {
            try {
                for (JsonNode member : new ObjectMapper().readTree(output).get("members")) {
                    members.put(member.get("name").asText(), member);
                }
            } catch (IOException notJson) {
                throw new UncheckedIOException(output, notJson);
            }
        }
        return members;
    }

    /** Waits until this agent sees exactly these members. */
    long awaitStatuses(String wanted, Duration atMost) {
        return Await.until("serf " + name + " sees " + wanted, atMost, this::statuses, wanted::equals);
    }

    String log() {
        try {
            return Files.readString(log);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** kill -9. */
    void kill() {
        process.destroyForcibly();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}

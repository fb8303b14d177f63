package io.vmha.testcluster.faults.lab;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.vmha.testcluster.faults.history.History;
import io.vmha.testcluster.faults.history.Kinds;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A real {@code serf agent} of the distribution in the pool, on a machine of its own that is no hypervisor. */
public final class SerfMember implements AutoCloseable {
    private static final String NAME = "stock-serf";

    private final Network network;
    private final int number;
    private final String key;
    private final Path log;
    private Process process;

    SerfMember(Network network, int number, String key, Path directory) {
        this.network = network;
        this.number = number;
        this.key = key;
        this.log = directory.resolve("serf.log");
        this.process = launch();
    }

    /** The namespace that it runs in. */
    public String node() {
        return "h" + number;
    }

    private Process launch() {
        List<String> command = network.in(
                node(),
                "serf",
                "agent",
                "-node=" + NAME,
                "-bind=" + Network.address(Net.CLUSTER, number) + ":8301",
                "-encrypt=" + key,
                "-retry-join=" + Network.address(Net.CLUSTER, 1) + ":8301",
                "-retry-join=" + Network.address(Net.CLUSTER, 2) + ":8301",
                "-retry-interval=1s");
        try {
            return new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                    .start();
        } catch (IOException e) {
            throw new LabException(
                    "serf cannot be started: " + e.getMessage() + "; is the Debian package serf installed?", e);
        }
    }

    /** {@code kill -9}. */
    public void kill() {
        process.destroyForcibly();
    }

    /** Starts it again if it is gone. */
    public void restart() {
        if (!process.isAlive()) {
            process = launch();
        }
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** The members that it calls alive, by the names that they have in the pool. */
    public List<String> alive() {
        var command = new ArrayList<>(network.in(node()));
        command.addAll(Arrays.asList("serf", "members", "-format=json", "-status=alive"));
        Shell.Outcome outcome = Shell.attempt(command, "");
        var names = new ArrayList<String>();
        JsonNode members = NovaProxy.parse(outcome.output());
        members.path("members").forEach(m -> names.add(m.path("name").asText()));
        return names;
    }

    /** Puts its view of the pool into the history. */
    void recordPool(History history) {
        List<String> names = alive();
        history.record(Kinds.POOL, event -> {
            event.put("host", NAME).put("stock", true);
            ArrayNode alive = event.putArray("alive");
            names.stream().filter(name -> !name.equals(NAME)).forEach(alive::add);
        });
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}

package io.vmha.testcluster.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A real {@code serf agent} of the distribution, in the daemons' pool. Ends with this JVM. */
final class SerfAgent implements AutoCloseable {
    private static final int RPC_PORT = 7373;

    private final String address;
    private final Process process;

    SerfAgent(String address, String gossipKey, Path directory) {
        this.address = address;
        try {
            process = new ProcessBuilder(
                            "setpriv",
                            "--pdeathsig",
                            "KILL",
                            "serf",
                            "agent",
                            "-node=stock-serf",
                            "-bind=" + address + ":8301",
                            "-rpc-addr=" + address + ":" + RPC_PORT,
                            "-encrypt=" + gossipKey)
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("serf.log").toFile())
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException("is the Debian package serf installed?", e);
        }
    }

    /** Joins through a member; tries for a while, since the agent may still be starting. */
    void join(String member) {
        String said = "";
        for (int i = 0; i < 100; i++) {
            said = run("join", member + ":8301");
            if (said.contains("Successfully joined cluster by contacting 1 nodes")) {
                return;
            }
            Cluster.pause();
        }
        throw new ClusterException("serf does not join: " + said);
    }

    /** The members by their names, each as serf shows it. */
    JsonNode members() {
        ObjectNode members = JsonNodeFactory.instance.objectNode();
        String output = run("members", "-format=json");
        if (output.startsWith("{")) {
            try {
                for (JsonNode member : new ObjectMapper().readTree(output).path("members")) {
                    members.set(member.path("name").asText(), member);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(output, e);
            }
        }
        return members;
    }

    private String run(String verb, String... arguments) {
        List<String> command = new ArrayList<>(List.of("serf", verb, "-rpc-addr=" + address + ":" + RPC_PORT));
        command.addAll(Arrays.asList(arguments));
        try {
            Process cli = new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(cli.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            cli.waitFor();
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}

package io.vmha.testcluster.ring;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A network namespace with nothing but loopback, in which every agent has an address that its packets are counted by. */
final class Namespace implements AutoCloseable {
    private final String name;

    private static final String OF_STREAMS = " tcp";

    /**
     * What went out from an address.
     *
     * @param ofStreams packets of TCP among all packets
     */
    record Sent(long packets, long bytes, long ofStreams) {}

    private Namespace(String name) {
        this.name = name;
    }

    /** Makes one; needs root. */
    static Namespace create(String suffix) {
        Namespace namespace =
                new Namespace("vmha-ring-" + ProcessHandle.current().pid() + "-" + suffix);
        run("ip", "netns", "add", namespace.name);
        run("ip", "-n", namespace.name, "link", "set", "lo", "up");
        return namespace;
    }

    /** Counts what these addresses send from now on. */
    void count(List<String> addresses) {
        StringBuilder rules =
                new StringBuilder("table ip ring {\n chain out {\n  type filter hook output priority 0;\n");
        for (String address : addresses) {
            rule(rules, address, "", address);
            rule(rules, address, " meta l4proto tcp", address + OF_STREAMS);
        }
        run("ip", "netns", "exec", name, "nft", rules + " }\n}");
    }

    private static void rule(StringBuilder rules, String address, String condition, String name) {
        rules.append("  ip saddr ").append(address).append(condition);
        rules.append(" counter comment \"").append(name).append("\"\n");
    }

    /** What each address has sent. */
    Map<String, Sent> sent() {
        Map<String, JsonNode> counters = new TreeMap<>();
        try {
            String json = run("ip", "netns", "exec", name, "nft", "-j", "list", "table", "ip", "ring");
            for (JsonNode element : new ObjectMapper().readTree(json).path("nftables")) {
                JsonNode rule = element.path("rule");
                for (JsonNode expression : rule.path("expr")) {
                    JsonNode counter = expression.path("counter");
                    if (counter.has("bytes")) {
                        counters.put(rule.path("comment").asText(), counter);
                    }
                }
            }
        } catch (IOException notJson) {
            throw new UncheckedIOException(notJson);
        }
        Map<String, Sent> sent = new TreeMap<>();
        counters.forEach((name, counter) -> {
            JsonNode ofStreams = counters.get(name + OF_STREAMS);
            if (ofStreams != null) {
                sent.put(
                        name,
                        new Sent(
                                counter.path("packets").asLong(),
                                counter.path("bytes").asLong(),
                                ofStreams.path("packets").asLong()));
            }
        });
        return sent;
    }

    /** Starts a process in it that ends with this one. */
    Process start(List<String> command) {
        List<String> inside = new ArrayList<>(List.of("ip", "netns", "exec", name, "setpriv", "--pdeathsig", "KILL"));
        inside.addAll(command);
        try {
            return new ProcessBuilder(inside).redirectErrorStream(true).start();
        } catch (IOException missing) {
            throw new UncheckedIOException("are iproute2 and util-linux installed?", missing);
        }
    }

    private static String run(String... command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IllegalStateException(String.join(" ", command) + ": " + output.strip());
            }
            return output;
        } catch (IOException missing) {
            throw new UncheckedIOException("is " + command[0] + " installed?", missing);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", interrupted);
        }
    }

    @Override
    public void close() {
        run("ip", "netns", "del", name);
    }
}

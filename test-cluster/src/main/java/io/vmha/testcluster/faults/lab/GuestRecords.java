package io.vmha.testcluster.faults.lab;

import com.fasterxml.jackson.databind.node.ArrayNode;
import io.vmha.testcluster.faults.history.History;
import io.vmha.testcluster.faults.history.Kinds;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Reads the heartbeats that the guests wrote on their hosts: one file for each life of each guest. */
final class GuestRecords {
    /** A guest that says nothing for longer did not run: stopped, starved, or dead. */
    private static final long GAP_MS = 1_500;

    private GuestRecords() {}

    /** Puts every life that left at least one heartbeat into the history. */
    static void record(List<LabHost> hosts, History history) {
        for (LabHost host : hosts) {
            Path beats = host.directory().resolve("beats");
            if (Files.isDirectory(beats)) {
                try (Stream<Path> files = Files.list(beats)) {
                    files.forEach(file -> record(host, file, history));
                } catch (IOException e) {
                    throw new LabException("cannot read " + beats + ": " + e.getMessage(), e);
                }
            }
        }
    }

    private static void record(LabHost host, Path file, History history) {
        String name = file.getFileName().toString();
        int dot = name.lastIndexOf('.');
        ArrayNode gaps = com.fasterxml.jackson.databind.node.JsonNodeFactory.instance.arrayNode();
        long first = -1;
        long last = -1;
        long count = 0;
        try (BufferedReader in = Files.newBufferedReader(file)) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String[] words = line.split(" ", -1);
                if (words.length != 2 || !words[1].matches("\\d{6,18}")) {
                    continue; // cut off in the middle, by a power cut
                }
                long at = history.atMs(Long.parseLong(words[1]));
                if (first < 0) {
                    first = at;
                } else if (at - last > GAP_MS) {
                    gaps.addArray().add(last).add(at);
                }
                last = at;
                count++;
            }
        } catch (IOException e) {
            throw new LabException("cannot read " + file + ": " + e.getMessage(), e);
        }
        if (count == 0) {
            return;
        }
        long from = first;
        long to = last;
        long beats = count;
        history.recordAt(from, Kinds.GUEST, event -> {
            event.put("vm", name.substring(0, dot))
                    .put("nonce", name.substring(dot + 1))
                    .put("host", host.name())
                    .put("from_ms", from)
                    .put("to_ms", to)
                    .put("beats", beats);
            event.set("gaps", gaps);
        });
    }
}

package io.vmha.node.lease;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** A small file of {@code key=value} lines that is replaced as a whole, so that a reader never sees half of it. */
final class KeyValues {
    private static final long BYTES_MAX = 64 * 1024;

    private KeyValues() {}

    /** Empty if there is no such file, or none of ours. */
    static Optional<SortedMap<String, String>> read(Path file) {
        try {
            if (!Files.isRegularFile(file) || Files.size(file) > BYTES_MAX) {
                return Optional.empty();
            }
            var values = new TreeMap<String, String>();
            for (String line : Files.readString(file, StandardCharsets.UTF_8).split("\n", -1)) {
                int equals = line.indexOf('=');
                if (equals > 0) {
                    values.put(line.substring(0, equals), line.substring(equals + 1));
                }
            }
            return Optional.of(Collections.unmodifiableSortedMap(values));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    static void write(Path file, Iterable<String> lines) throws IOException {
        Path next = file.resolveSibling(file.getFileName() + ".tmp");
        Files.writeString(next, String.join("\n", lines) + "\n", StandardCharsets.UTF_8);
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** As {@link #write}, and a host that loses its power right after has the new content or the old one, never an empty file. */
    static void writeToDisk(Path file, Iterable<String> lines) throws IOException {
        Path next = file.resolveSibling(file.getFileName() + ".tmp");
        Files.writeString(next, String.join("\n", lines) + "\n", StandardCharsets.UTF_8);
        try (FileChannel written = FileChannel.open(next, StandardOpenOption.WRITE)) {
            written.force(true);
        }
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel directory = FileChannel.open(file.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
            directory.force(true);
        }
    }

    static long number(SortedMap<String, String> values, String key) {
        try {
            return Long.parseLong(values.getOrDefault(key, "0"));
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    /** A value on one line: what is written comes from tags and messages of others. */
    static String oneLine(String text) {
        return text.replaceAll("[\\p{Cntrl}]", " ");
    }
}

package io.vmha.gossip.netty;

import io.vmha.gossip.serf.Snapshot;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The file that remembers the pool; written on a thread that may wait for the disk. */
final class SnapshotFile {
    private static final Logger LOG = LoggerFactory.getLogger(SnapshotFile.class);

    /** More than any file of ours, which is rewritten long before. */
    private static final long READ_BYTES_MAX = 64L * 1024 * 1024;

    private final Path file;
    private long size;
    private long failures;

    SnapshotFile(Path directory) {
        this.file = directory.resolve("local.snapshot");
    }

    /** What the file remembers; nothing if there is none, or none that can be read. */
    Snapshot read() {
        Snapshot snapshot = new Snapshot();
        if (!Files.exists(file)) {
            return snapshot;
        }
        try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.ISO_8859_1)) {
            size = Files.size(file);
            if (size > READ_BYTES_MAX) {
                throw new IOException("larger than " + READ_BYTES_MAX + " bytes");
            }
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                snapshot.replay(new String(line.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8));
            }
            return snapshot;
        } catch (IOException unreadable) {
            LOG.warn("the pool is not remembered file={} why=\"{}\"", file, unreadable.getMessage());
            return new Snapshot();
        }
    }

    long size() {
        return size;
    }

    /** Adds lines; nothing is lost if this fails but the memory of the pool. */
    void append(String lines) {
        write(() -> {
            Files.createDirectories(file.getParent());
            byte[] content = lines.getBytes(StandardCharsets.UTF_8);
            Files.write(file, content, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            size += content.length;
        });
    }

    /** Begins the file anew with what matters. */
    void rewrite(List<String> lines) {
        write(() -> {
            Files.createDirectories(file.getParent());
            byte[] content = String.join("", lines).getBytes(StandardCharsets.UTF_8);
            Path compact = file.resolveSibling(file.getFileName() + ".compact");
            Files.write(compact, content);
            Files.move(compact, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            size = content.length;
        });
    }

    private interface Writing {
        void run() throws IOException;
    }

    private void write(Writing writing) {
        try {
            writing.run();
        } catch (IOException failed) {
            failures++;
            if (Long.bitCount(failures) == 1) {
                LOG.warn(
                        "the pool cannot be remembered over a restart file={} failures={} why=\"{}\"",
                        file,
                        failures,
                        failed.toString());
            }
        }
    }
}

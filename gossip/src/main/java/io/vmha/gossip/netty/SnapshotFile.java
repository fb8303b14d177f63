package io.vmha.gossip.netty;

import io.vmha.gossip.serf.Snapshot;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
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
    /** Behind {@link #size} there may be a piece of a line: of a life that ended while it wrote, or of a write that failed. */
    private boolean torn = true;

    SnapshotFile(Path directory) {
        this.file = directory.resolve("local.snapshot");
    }

    /** What the file remembers; nothing if there is none, or none that can be read. */
    Snapshot read() {
        Snapshot snapshot = new Snapshot();
        if (!Files.exists(file)) {
            return snapshot;
        }
        try {
            long length = Files.size(file);
            if (length > READ_BYTES_MAX) {
                throw new IOException("larger than " + READ_BYTES_MAX + " bytes");
            }
            byte[] content = Files.readAllBytes(file);
            int from = 0;
            for (int at = 0; at < content.length; at++) {
                if (content[at] == '\n') {
                    snapshot.replay(new String(content, from, at - from, StandardCharsets.UTF_8));
                    from = at + 1;
                }
            }
            size = from; // a line without an end was cut, and half an address would be another one
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
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                if (torn) {
                    channel.truncate(size);
                }
                torn = true;
                writeFully(channel, content, size);
                torn = false;
            }
            size += content.length;
        });
    }

    /** Begins the file anew with what matters. */
    void rewrite(List<String> lines) {
        write(() -> {
            Files.createDirectories(file.getParent());
            byte[] content = String.join("", lines).getBytes(StandardCharsets.UTF_8);
            Path compact = file.resolveSibling(file.getFileName() + ".compact");
            try (FileChannel channel = FileChannel.open(
                    compact,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.WRITE,
                    StandardOpenOption.TRUNCATE_EXISTING)) {
                writeFully(channel, content, 0);
                channel.force(true); // or the new name may outlive a power cut, and the content not
            }
            Files.move(compact, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            size = content.length;
            torn = false;
        });
    }

    private static void writeFully(FileChannel channel, byte[] content, long at) throws IOException {
        ByteBuffer rest = ByteBuffer.wrap(content);
        channel.position(at);
        while (rest.hasRemaining()) {
            channel.write(rest);
        }
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

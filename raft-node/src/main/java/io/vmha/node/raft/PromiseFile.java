package io.vmha.node.raft;

import io.vmha.node.raft.RaftNodeException.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * What a peer has promised beside its log: a few lines of text that are on disk before anybody acts on them, and are read before the peer
 * listens again. They belong to one peer id.
 *
 * <p>A peer that is in a group always has this file, be it empty. Where it is missing or damaged nobody knows what was promised, so the node
 * joins as a new peer.
 */
public final class PromiseFile {
    private static final long BYTES_MAX = 4 << 20;

    private final Path file;
    private final PeerId owner;

    private PromiseFile(Path file, PeerId owner) {
        this.file = file;
        this.owner = owner;
    }

    /** The promises of this peer in the data directory. */
    public static PromiseFile in(Path dir, PeerId owner) {
        return new PromiseFile(dir.resolve("promises"), owner);
    }

    /** The promises; empty if this peer made none that can be read. */
    public Optional<String> read() {
        try {
            if (!Files.exists(file) || Files.size(file) > BYTES_MAX) {
                return Optional.empty();
            }
            String all = Files.readString(file, StandardCharsets.UTF_8);
            int head = all.indexOf('\n');
            if (head < 0 || !all.substring(0, head).equals(head(all.substring(head + 1)))) {
                return Optional.empty();
            }
            return Optional.of(all.substring(head + 1));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /**
     * Replaces the promises; they are durable when this returns.
     *
     * @throws RaftNodeException {@code STORAGE}: the peer must not act as if it had promised
     */
    public void write(String text) {
        try {
            Path next = file.resolveSibling(file.getFileName() + ".tmp");
            NodeStore.writeDurably(next, (head(text) + '\n' + text).getBytes(StandardCharsets.UTF_8));
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
            NodeStore.sync(file.getParent());
        } catch (IOException e) {
            throw new RaftNodeException(
                    Kind.STORAGE,
                    "promises cannot be written to " + file + " (" + e + "); is the disk full? see data_dir",
                    e);
        }
    }

    private String head(String text) {
        var crc = new CRC32C();
        crc.update(text.getBytes(StandardCharsets.UTF_8));
        return String.format(Locale.ROOT, "peer=%s crc32c=%08x", owner, crc.getValue());
    }
}

package io.vmha.node.gate;

import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.RecoveryState;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers on disk that an AZ protects this host, with the place in its log at which that was seen: after a boot such a host must hear from
 * its voters before it starts a guest, and another one need not.
 */
final class ProtectedMark {
    private static final Logger LOG = LoggerFactory.getLogger(ProtectedMark.class);

    private final Path file;
    private OptionalLong since = OptionalLong.empty();

    ProtectedMark(Path file) {
        this.file = file;
        try {
            since = OptionalLong.of(Long.parseLong(
                    Files.readString(file, StandardCharsets.UTF_8).strip()));
        } catch (NoSuchFileException e) {
            LOG.debug("no mark of protection file={}", file);
        } catch (NumberFormatException e) {
            since = OptionalLong.of(0); // cut off while it was written: it was there
        } catch (IOException e) {
            since = OptionalLong.of(0);
            LOG.error(
                    "the mark of protection cannot be read, so this host counts as protected file={} why=\"{}\"",
                    file,
                    e.toString());
        }
    }

    boolean isSet() {
        return since.isPresent();
    }

    /** @param disownedAt the place in the log of the newest answer of a voter that does not know this host; empty if none said so last */
    void onState(RecoveryState state, HostName self, OptionalLong disownedAt) {
        boolean known = state.isEnabled() && state.hosts().containsKey(self);
        if (known && since.isEmpty()) {
            set(OptionalLong.of(state.applied().index()));
        } else if (since.isPresent()
                && !known
                && disownedAt.isPresent()
                && disownedAt.getAsLong() >= since.getAsLong()) {
            set(OptionalLong.empty());
        }
    }

    /** To the disk: power may fail as soon as the host is protected. */
    private static void write(Path file, String text) throws IOException {
        try (FileChannel out = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
            out.force(true);
        }
        try (FileChannel directory = FileChannel.open(file.toAbsolutePath().getParent())) {
            directory.force(true);
        }
    }

    private void set(OptionalLong next) {
        try {
            if (next.isPresent()) {
                write(file, next.getAsLong() + "\n");
            } else {
                Files.deleteIfExists(file);
            }
            since = next;
            LOG.info("an AZ protects this host protected={}", next.isPresent());
        } catch (IOException e) {
            LOG.warn("the mark of protection cannot be kept file={} why=\"{}\"", file, e.toString());
        }
    }
}

package io.vmha.gossip.netty;

import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.Keyring;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The gossip keys after a rotation, as Serf and Consul keep them: a JSON list of base64 texts, the primary one first. */
final class KeyringFile {
    private static final Logger LOG = LoggerFactory.getLogger(KeyringFile.class);
    private static final int BYTES_MAX = 16 * 1024;
    private static final Pattern LIST =
            Pattern.compile("\\s*\\[\\s*(\"[A-Za-z0-9+/=]{1,64}\"\\s*(,\\s*|(?=\\])))+\\]\\s*");
    private static final Pattern TEXT = Pattern.compile("\"([^\"]*)\"");

    private final Path file;

    KeyringFile(Path directory) {
        this.file = directory.resolve("local.keyring");
    }

    /** The keys of the last rotation; none if there was none. A file that cannot be used is reported and left alone. */
    Optional<Keyring> read() {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            if (Files.size(file) > BYTES_MAX) {
                throw new IOException("larger than " + BYTES_MAX + " bytes");
            }
            String text = Files.readString(file, StandardCharsets.UTF_8);
            if (!LIST.matcher(text).matches()) {
                throw new IOException("not a JSON list of keys in base64");
            }
            List<byte[]> keys = new ArrayList<>();
            for (Matcher key = TEXT.matcher(text); key.find(); ) {
                keys.add(Base64.getDecoder().decode(key.group(1)));
            }
            return Optional.of(Keyring.of(keys));
        } catch (IOException | IllegalArgumentException unusable) {
            LOG.error(
                    "the rotated gossip keys cannot be read, so the configured ones are used; put them right in the"
                            + " configuration and remove the file file={} why=\"{}\"",
                    file,
                    unusable.getMessage());
            return Optional.empty();
        }
    }

    /** Replaces the file as a whole; when this returns it is on the disk. */
    void write(Keyring keyring) throws IOException {
        StringBuilder text = new StringBuilder("[");
        for (Bytes key : keyring.keys()) {
            text.append(text.length() > 1 ? "," : "")
                    .append("\n  \"")
                    .append(Base64.getEncoder().encodeToString(key.toArray()))
                    .append('"');
        }
        text.append("\n]\n");
        Files.createDirectories(file.getParent());
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(fresh);
        try (FileChannel channel = FileChannel.open(
                fresh,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            ByteBuffer content = ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8));
            while (content.hasRemaining()) {
                channel.write(content);
            }
            channel.force(true);
        }
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel directory = FileChannel.open(file.getParent(), StandardOpenOption.READ)) {
            directory.force(true);
        }
    }

    @Override
    public String toString() {
        return file.toString();
    }
}

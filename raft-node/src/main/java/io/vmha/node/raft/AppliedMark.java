package io.vmha.node.raft;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How far this peer has certainly come, in a file of its own beside the log: what was applied was on disk before.
 *
 * <p>Ratis takes a log that ends too early for one that was being written when the machine went down, and drops the rest without a word. If
 * what is missing was applied already, this peer has acknowledged it, and the group may rest on that. Written once a second while the log
 * grows, not synced: an older mark proves less, but never anything wrong.
 */
final class AppliedMark {
    private static final Logger LOG = LoggerFactory.getLogger(AppliedMark.class);
    private static final Pattern LINE = Pattern.compile("(peer=\\S+ applied=(\\d{1,19})) crc32c=([0-9a-f]{8})\n");
    private static final int BYTES_MAX = 1_000;

    private final Path file;
    private final PeerId owner;
    private long written = -1;
    private boolean failing;

    private AppliedMark(Path file, PeerId owner) {
        this.file = file;
        this.owner = owner;
    }

    /** The mark of this peer in the data directory; another peer's cannot be read through it. */
    static AppliedMark in(Path dir, PeerId owner) {
        return new AppliedMark(dir.resolve("applied"), owner);
    }

    /** The mark's index; empty if this peer left none that can be read. From now on only a higher one is written. */
    synchronized OptionalLong read() {
        OptionalLong found = parse();
        written = Math.max(written, found.orElse(-1));
        return found;
    }

    private OptionalLong parse() {
        try {
            if (!Files.exists(file) || Files.size(file) > BYTES_MAX) {
                return OptionalLong.empty();
            }
            Matcher line = LINE.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
            boolean whole = line.matches() && line.group(3).equals(checksum(line.group(1)));
            return whole && line.group(1).startsWith("peer=" + owner + " ")
                    ? OptionalLong.of(Long.parseLong(line.group(2)))
                    : OptionalLong.empty();
        } catch (IOException | NumberFormatException e) {
            LOG.info("the mark of what was applied cannot be read file={} why=\"{}\"", file, e.toString());
            return OptionalLong.empty();
        }
    }

    /** Everything up to this index has been applied. A mark that cannot be written protects less, which is no reason to stop. */
    synchronized void write(long index) {
        if (index <= written) {
            return;
        }
        String line = "peer=" + owner + " applied=" + String.format(Locale.ROOT, "%019d", index);
        byte[] bytes = (line + " crc32c=" + checksum(line) + "\n").getBytes(StandardCharsets.ISO_8859_1);
        try (FileChannel out = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            out.write(ByteBuffer.wrap(bytes), 0);
            out.truncate(bytes.length);
            written = index;
            failing = false;
        } catch (IOException e) {
            if (!failing) {
                LOG.warn("the mark of what was applied cannot be written file={} why=\"{}\"", file, e.toString());
            }
            failing = true;
        }
    }

    private static String checksum(String line) {
        var crc = new CRC32C();
        crc.update(line.getBytes(StandardCharsets.ISO_8859_1));
        return String.format(Locale.ROOT, "%08x", crc.getValue());
    }
}

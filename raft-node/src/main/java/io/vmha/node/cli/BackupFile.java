package io.vmha.node.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.StringWriter;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * A backup of a group on disk:
 *
 * <pre>
 * vmha-snapshot 1                     what this is, and the version of its form
 * {"az":"az1","group":…,"bytes":N}    about it, one line of JSON
 * …                                   N bytes: the state, as the group's own snapshots have it
 * 64 hex digits                       SHA-256 of everything before
 * </pre>
 *
 * @param state what the group had replicated
 */
record BackupFile(About about, ByteString state) {
    static final int FORMAT = 1;
    /** Far above what a group may hold: 8 MiB of keys, and its recovery state. */
    static final int STATE_BYTES_MAX = 24 << 20;

    private static final String NAME = "vmha-snapshot ";
    private static final int LINE_BYTES_MAX = 64 * 1024;
    private static final int DIGEST_CHARS = 64;

    /**
     * What is said about a state.
     *
     * @param takenAt when, as UTC
     * @param takenBy the voter that it was taken by
     * @param sha256 of the state: two voters at the same index have the same one
     */
    record About(
            String az,
            String group,
            long index,
            long term,
            List<String> voters,
            String takenBy,
            String takenAt,
            String version,
            long bytes,
            String sha256) {
        About {
            voters = List.copyOf(voters);
        }
    }

    /**
     * Writes a new file that only its owner may read; one that is there already stays as it is. It gets its name when all of it is on the
     * disk: one that was killed meanwhile leaves FILE….part at most, and may be begun again.
     */
    void write(Path file) {
        try {
            Path place = file.toAbsolutePath();
            // as the JDK makes them, temporary files are their owner's only
            Path part = Files.createTempFile(place.getParent(), place.getFileName() + "-", ".part");
            try {
                try (FileChannel channel = FileChannel.open(part, StandardOpenOption.WRITE)) {
                    write(Channels.newOutputStream(channel));
                    channel.force(true);
                }
                name(part, place);
            } finally {
                Files.deleteIfExists(part);
            }
        } catch (FileAlreadyExistsException e) {
            throw new Failure(
                    ExitCode.REFUSED,
                    file + " exists already and is not overwritten: name another file, or remove it first");
        } catch (NoSuchFileException e) {
            throw new Failure(
                    ExitCode.REFUSED,
                    file + " cannot be written: there is no directory "
                            + file.toAbsolutePath().getParent());
        } catch (IOException e) {
            throw new Failure(
                    ExitCode.REFUSED,
                    file + " cannot be written (" + e + "): check that this user may, and that the disk is not full");
        }
    }

    /** A link never replaces what is there; where the file system knows none, two saves at the same moment could. */
    private static void name(Path part, Path file) throws IOException {
        try {
            Files.createLink(file, part);
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (UnsupportedOperationException | FileSystemException e) {
            Files.move(part, file);
        }
    }

    private void write(OutputStream out) throws IOException {
        MessageDigest digest = newDigest();
        var counted = new DigestOutputStream(out, digest);
        counted.write((NAME + FORMAT + "\n" + json(about) + "\n").getBytes(StandardCharsets.UTF_8));
        state.writeTo(counted);
        out.write(HexFormat.of().formatHex(digest.digest()).getBytes(StandardCharsets.US_ASCII));
    }

    private static String json(About about) {
        var text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
            json.writeStartObject();
            json.writeStringField("az", about.az());
            json.writeStringField("group", about.group());
            json.writeNumberField("index", about.index());
            json.writeNumberField("term", about.term());
            json.writeArrayFieldStart("voters");
            for (String voter : about.voters()) {
                json.writeString(voter);
            }
            json.writeEndArray();
            json.writeStringField("taken_by", about.takenBy());
            json.writeStringField("taken_at", about.takenAt());
            json.writeStringField("version", about.version());
            json.writeNumberField("bytes", about.bytes());
            json.writeStringField("sha256", about.sha256());
            json.writeEndObject();
        } catch (IOException e) {
            throw new IllegalStateException("writing to memory", e);
        }
        return text.toString();
    }

    /** Reads a file and checks every byte of it; fails with a sentence that says what is wrong with it. */
    static BackupFile read(Path file) {
        byte[] all;
        try (InputStream in = Files.newInputStream(file)) {
            all = in.readNBytes(STATE_BYTES_MAX + 2 * LINE_BYTES_MAX);
            if (in.read() >= 0) {
                throw bad(file, "it has more than " + all.length + " bytes, which no snapshot of vmha has");
            }
        } catch (NoSuchFileException e) {
            throw new Failure(ExitCode.REFUSED, "there is no file " + file);
        } catch (IOException e) {
            throw new Failure(
                    ExitCode.REFUSED, file + " cannot be read (" + e + "): it must be a file that this user may read");
        }
        return parse(file, all);
    }

    private static BackupFile parse(Path file, byte[] all) {
        String first = line(all, 0);
        if (!first.matches(NAME + "[0-9]{1,6}")) {
            throw bad(file, "expected '" + NAME + FORMAT + "' as its first line but found " + shown(all));
        }
        if (Integer.parseInt(first.substring(NAME.length())) != FORMAT) {
            throw new Failure(
                    ExitCode.REFUSED,
                    file + " has format " + first.substring(NAME.length()) + " and this vmha reads " + FORMAT
                            + ": use the vmha that wrote it, or a newer one");
        }
        String second = line(all, first.length() + 1);
        int begin = first.length() + 1 + second.getBytes(StandardCharsets.UTF_8).length + 1;
        if (begin > all.length) {
            throw bad(file, "it is cut off in its second line, at byte " + all.length);
        }
        About about = about(file, second);
        long wanted = begin + about.bytes() + DIGEST_CHARS;
        if (all.length != wanted) {
            throw bad(
                    file,
                    all.length < wanted
                            ? "it is cut off: expected " + wanted + " bytes but found " + all.length
                            : "expected " + wanted + " bytes but found " + all.length + ": something was added to it");
        }
        ByteString state = ByteString.copyFrom(all, begin, (int) about.bytes());
        String digest = new String(all, all.length - DIGEST_CHARS, DIGEST_CHARS, StandardCharsets.ISO_8859_1);
        boolean whole = digest.equals(sha256(UnsafeByteOperations.unsafeWrap(all, 0, all.length - DIGEST_CHARS)))
                && sha256(state).equals(about.sha256());
        if (!whole) {
            throw bad(file, "its content does not have the SHA-256 that stands at its end: it was damaged or changed");
        }
        return new BackupFile(about, state);
    }

    private static About about(Path file, String line) {
        try {
            Document about = Document.parse(line);
            long bytes = Long.parseLong(about.text("bytes"));
            if (bytes < 1 || bytes > STATE_BYTES_MAX) {
                throw new NumberFormatException("bytes " + bytes);
            }
            return new About(
                    about.text("az"),
                    about.text("group"),
                    Long.parseLong(about.text("index")),
                    Long.parseLong(about.text("term")),
                    about.at("voters").items().stream().map(Document::text).toList(),
                    about.text("taken_by"),
                    about.text("taken_at"),
                    about.text("version"),
                    bytes,
                    about.text("sha256"));
        } catch (NumberFormatException | Failure e) {
            throw bad(
                    file,
                    "its second line is not what it should be: "
                            + e.getMessage().lines().findFirst().orElse(""));
        }
    }

    /** Up to the end of the line, of the file or of what a line may have. */
    private static String line(byte[] all, int from) {
        int end = from;
        while (end < all.length && end - from < LINE_BYTES_MAX && all[end] != '\n') {
            end++;
        }
        return from >= all.length ? "" : new String(all, from, end - from, StandardCharsets.UTF_8);
    }

    private static String shown(byte[] all) {
        if (all.length == 0) {
            return "nothing: it is empty";
        }
        if (all.length > 2 && (all[0] & 0xff) == 0x1f && (all[1] & 0xff) == 0x8b) {
            return "a gzip archive, which Consul's snapshots are";
        }
        String head = new String(all, 0, Math.min(all.length, 24), StandardCharsets.ISO_8859_1);
        return "'" + head.replaceAll("[^\\x20-\\x7e]", "?") + "'";
    }

    static String sha256(ByteString bytes) {
        MessageDigest digest = newDigest();
        bytes.asReadOnlyByteBufferList().forEach(digest::update);
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest newDigest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static Failure bad(Path file, String why) {
        return new Failure(ExitCode.REFUSED, file + " is no usable snapshot of vmha: " + why);
    }
}

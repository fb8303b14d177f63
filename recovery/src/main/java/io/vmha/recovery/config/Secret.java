package io.vmha.recovery.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Optional;
import java.util.Set;

/** A password or key that never appears in a log line: {@link #toString} hides it. */
public record Secret(String reveal) {
    private static final long FILE_BYTES_MAX = 4096;

    public Secret {
        if (reveal.isEmpty()) {
            throw new IllegalArgumentException("a secret must not be empty");
        }
    }

    /**
     * Reads {@code key} or, from a file, {@code key_file}; exactly one of them. The file must be closed to everybody; one trailing
     * newline is dropped.
     */
    public static Optional<Secret> read(Section section, String key) {
        var fileKey = key + "_file";
        var inline = section.text(key);
        var file = section.file(fileKey);
        if (inline.isPresent() && file.isPresent()) {
            section.problem(fileKey, "must not be set together with " + key);
            return Optional.empty();
        }
        return inline.isPresent() ? inline.map(Secret::new) : file.flatMap(path -> fromFile(section, fileKey, path));
    }

    private static Optional<Secret> fromFile(Section section, String key, Path file) {
        try {
            if (!Files.isRegularFile(file)) {
                section.problem(key, "names " + file + ", which is not a file");
                return Optional.empty();
            }
            if (!Files.isReadable(file)) {
                section.problem(key, "names " + file + ", which this user may not read");
                return Optional.empty();
            }
            Set<PosixFilePermission> allowed = Files.getPosixFilePermissions(file);
            if (allowed.contains(PosixFilePermission.OTHERS_READ)) {
                section.problem(key, "names " + file + ", which everybody may read; run: chmod o-rwx " + file);
                return Optional.empty();
            }
            if (allowed.contains(PosixFilePermission.OTHERS_WRITE)) {
                section.problem(key, "names " + file + ", which everybody may change; run: chmod o-rwx " + file);
                return Optional.empty();
            }
            if (Files.size(file) > FILE_BYTES_MAX) {
                section.problem(key, "names " + file + ", which is larger than " + FILE_BYTES_MAX + " bytes");
                return Optional.empty();
            }
            var text = Files.readString(file, StandardCharsets.UTF_8);
            var line = text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
            if (line.isEmpty() || line.indexOf('\n') >= 0) {
                section.problem(key, "names " + file + ", which must hold exactly one line");
                return Optional.empty();
            }
            return Optional.of(new Secret(line));
        } catch (IOException | UnsupportedOperationException e) {
            section.problem(key, "names " + file + ", which cannot be read: " + e);
            return Optional.empty();
        }
    }

    @Override
    public String toString() {
        return "(hidden)";
    }
}

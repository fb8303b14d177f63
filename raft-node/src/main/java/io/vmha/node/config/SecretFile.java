package io.vmha.node.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.Optional;

/** A small file that holds a secret, and must therefore not be open to everybody. */
final class SecretFile {
    private static final int BYTES_MAX = 16 * 1024;

    private SecretFile() {}

    /** The lines that are neither empty nor comments; empty, with a problem, if the file cannot be used. */
    static List<String> lines(Settings settings, String key) {
        Optional<Path> file = settings.file(key);
        if (file.isEmpty() || !isUsable(settings, key, file.get())) {
            return List.of();
        }
        try {
            if (Files.size(file.get()) > BYTES_MAX) {
                settings.problem(key, "names " + file.get() + ", which is larger than " + BYTES_MAX + " bytes");
                return List.of();
            }
            List<String> lines = Files.readString(file.get(), StandardCharsets.UTF_8)
                    .lines()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                    .toList();
            if (lines.isEmpty()) {
                settings.problem(key, "names " + file.get() + ", which is empty");
            }
            return lines;
        } catch (IOException e) {
            settings.problem(key, "names " + file.get() + ", which cannot be read as text: " + e.getMessage());
            return List.of();
        }
    }

    /** True if the file is there, readable by us and closed to everybody else; otherwise a problem says which. */
    static boolean isUsable(Settings settings, String key, Path file) {
        if (!isReadable(settings, key, file)) {
            return false;
        }
        if (isOpenToEverybody(file)) {
            settings.problem(key, "names " + file + ", a secret that everybody may read; run: chmod o-rwx " + file);
            return false;
        }
        return true;
    }

    /** True if the file is there, readable by us and not for everybody to change; otherwise a problem says which. */
    static boolean isReadable(Settings settings, String key, Path file) {
        if (!Files.isRegularFile(file)) {
            settings.problem(key, "names " + file + ", which is not a file");
            return false;
        }
        if (!Files.isReadable(file)) {
            settings.problem(key, "names " + file + ", which this user may not read");
            return false;
        }
        if (isWritableByEverybody(file)) {
            settings.problem(key, "names " + file + ", which everybody may change; run: chmod o-w " + file);
            return false;
        }
        return true;
    }

    static boolean isOpenToEverybody(Path file) {
        return allows(file, PosixFilePermission.OTHERS_READ);
    }

    static boolean isWritableByEverybody(Path file) {
        return allows(file, PosixFilePermission.OTHERS_WRITE);
    }

    private static boolean allows(Path file, PosixFilePermission permission) {
        try {
            return Files.getPosixFilePermissions(file).contains(permission);
        } catch (IOException | UnsupportedOperationException e) {
            return false; // no such file system permissions, or no file: reading it says so
        }
    }
}

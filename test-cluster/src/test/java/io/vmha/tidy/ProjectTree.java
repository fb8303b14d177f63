package io.vmha.tidy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/** The project's files as they lie on disk, without what the build made. */
record ProjectTree(Path root) {
    private static final Set<String> NOT_OURS = Set.of(".git", "target", ".idea", ".vscode", "__pycache__", ".cache");

    /** Found from the working directory upwards: the root is where {@code .mvn} is. */
    static ProjectTree find() {
        Path start = Path.of("").toAbsolutePath();
        for (Path dir = start; dir != null; dir = dir.getParent()) {
            if (Files.isDirectory(dir.resolve(".mvn"))) {
                return new ProjectTree(dir);
            }
        }
        throw new IllegalStateException("no directory above " + start + " contains .mvn: run the tests in the project");
    }

    /** Every file of the project, in the order of its path. */
    List<Path> files() {
        List<Path> found = new ArrayList<>();
        try {
            Files.walkFileTree(root, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
                    boolean skip = NOT_OURS.contains(dir.getFileName().toString());
                    return skip && !dir.equals(root) ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    boolean skip = NOT_OURS.contains(
                            file.getFileName().toString()); // .git is a file in a work tree beside another one
                    if (attributes.isRegularFile() && !skip) {
                        found.add(file);
                    }
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        found.sort(Comparator.naturalOrder());
        return found;
    }

    List<Path> javaFiles() {
        return files().stream().filter(f -> f.toString().endsWith(".java")).toList();
    }

    /** The file's text; bytes that are no UTF-8 (an image, a captured packet) read as odd characters */
    String read(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String name(Path file) {
        return root.relativize(file).toString();
    }
}

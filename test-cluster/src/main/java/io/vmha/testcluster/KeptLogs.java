package io.vmha.testcluster;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** The ends of logs, copied out of a directory that is about to be removed. */
public final class KeptLogs {
    private static final int FILES_MAX = 80;
    private static final int BYTES_MAX = 256 * 1024;
    private static final int DEPTH_MAX = 4;

    private KeptLogs() {}

    /**
     * Copies the end of every {@code .log} below a directory. What was kept there before goes beside it, as {@code NAME-before}: a test that is
     * tried twice may fail for two reasons. What cannot be copied is left out: this is done over a failure, which must not be hidden by another
     * one.
     */
    public static void copy(Path from, Path to) {
        try {
            if (Files.isDirectory(to)) {
                Path before = to.resolveSibling(to.getFileName() + "-before");
                remove(before);
                Files.move(to, before);
            }
            Files.createDirectories(to);
            for (Path log : logs(from)) {
                String name = from.relativize(log).toString().replace('/', '-');
                Files.write(to.resolve(name), end(log));
            }
        } catch (IOException e) {
            System.err.println("the logs in " + from + " are not kept: " + e);
        }
    }

    private static List<Path> logs(Path from) throws IOException {
        if (!Files.isDirectory(from)) {
            return List.of();
        }
        try (Stream<Path> all = Files.find(
                from,
                DEPTH_MAX,
                (path, is) ->
                        is.isRegularFile() && is.size() > 0 && path.toString().endsWith(".log"),
                new FileVisitOption[0])) {
            return all.sorted().limit(FILES_MAX).toList();
        }
    }

    private static byte[] end(Path log) throws IOException {
        try (var file = new RandomAccessFile(log.toFile(), "r")) {
            long length = file.length();
            var bytes = new byte[(int) Math.min(length, BYTES_MAX)];
            file.seek(length - bytes.length);
            file.readFully(bytes);
            return bytes;
        }
    }

    private static void remove(Path directory) throws IOException {
        if (Files.isDirectory(directory)) {
            try (Stream<Path> all = Files.walk(directory)) {
                for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }
}

package io.vmha.node.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** What is wrong with one configuration file, collected while reading goes on. */
final class Problems {
    /** More would not be read; a file with so many problems is the wrong file. */
    private static final int PROBLEMS_MAX = 100;

    private final Path file;
    private final List<ConfigProblem> found = new ArrayList<>();

    Problems(Path file) {
        this.file = file;
    }

    Path file() {
        return file;
    }

    void add(int line, String sentence) {
        if (found.size() < PROBLEMS_MAX) {
            found.add(new ConfigProblem(file, line, sentence));
        }
    }

    int count() {
        return found.size();
    }

    /** Throws if there is a problem. */
    void check() {
        if (!found.isEmpty()) {
            throw new ConfigException(found.stream()
                    .sorted(Comparator.comparingInt(ConfigProblem::line))
                    .toList());
        }
    }
}

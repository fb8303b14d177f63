package io.vmha.node.config;

import java.util.List;
import java.util.stream.Collectors;

/** The configuration cannot be used. Carries every problem that was found; the daemon prints them and exits with status 78 (EX_CONFIG). */
public final class ConfigException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient List<ConfigProblem> problems;

    ConfigException(List<ConfigProblem> problems) {
        super(problems.stream().map(ConfigProblem::toString).collect(Collectors.joining("\n")));
        this.problems = List.copyOf(problems);
    }

    /** In the order of the file's lines; never empty. */
    public List<ConfigProblem> problems() {
        return problems;
    }
}

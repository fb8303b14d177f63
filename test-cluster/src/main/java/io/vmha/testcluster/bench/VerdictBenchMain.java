package io.vmha.testcluster.bench;

import picocli.CommandLine;

/** Starts the benchmark of the fast verdict. */
public final class VerdictBenchMain {
    private VerdictBenchMain() {}

    /** Takes the options of {@code test-cluster/bin/bench-verdict}. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new VerdictBench()).execute(arguments));
    }
}

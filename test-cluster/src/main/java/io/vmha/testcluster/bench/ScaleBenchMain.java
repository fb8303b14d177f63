package io.vmha.testcluster.bench;

import picocli.CommandLine;

/** Starts the benchmark of large availability zones. */
public final class ScaleBenchMain {
    private ScaleBenchMain() {}

    /** Takes the options of {@code test-cluster/bin/bench-scale}. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new ScaleBench()).execute(arguments));
    }
}

package io.vmha.testcluster.bench;

import picocli.CommandLine;

/** Starts the consensus benchmark. */
public final class BenchMain {
    private BenchMain() {}

    /** Takes the options of {@code test-cluster/bin/bench-consensus}. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new ConsensusBench()).execute(arguments));
    }
}

package io.vmha.testcluster.bench;

import picocli.CommandLine;

/** Starts the recovery benchmark. */
public final class RecoveryBenchMain {
    private RecoveryBenchMain() {}

    /** Takes the options of {@code test-cluster/bin/bench-recovery}. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new RecoveryBench()).execute(arguments));
    }
}

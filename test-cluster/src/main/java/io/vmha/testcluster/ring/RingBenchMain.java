package io.vmha.testcluster.ring;

import picocli.CommandLine;

/** Starts the comparison of rings. */
public final class RingBenchMain {
    private RingBenchMain() {}

    /** Takes the options of the command; the exit status is the command's. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new RingBenchCommand()).execute(arguments));
    }
}

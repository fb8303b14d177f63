package io.vmha.testcluster.faults;

import picocli.CommandLine;

/** Starts the fault-injection cluster. Exit status 0 if every invariant held, 1 if one was violated, 2 for wrong usage, 3 if the test bed failed. */
public final class FaultsMain {
    private FaultsMain() {}

    /** Takes the words after {@code ./faults}. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new FaultsCommand()).execute(arguments));
    }
}

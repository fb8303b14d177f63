package io.vmha.testcluster.demo;

import picocli.CommandLine;

/** Starts the demonstration. Exit status 0 only if every VM is ACTIVE elsewhere and none ran twice; 1 if not, 2 for wrong usage. */
public final class DemoMain {
    private DemoMain() {}

    /** Takes the options of {@code ./demo}. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new DemoCommand()).execute(arguments));
    }
}

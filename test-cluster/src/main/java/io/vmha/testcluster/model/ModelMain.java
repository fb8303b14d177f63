package io.vmha.testcluster.model;

import picocli.CommandLine;

/** Starts the check of the TLA+ model. */
public final class ModelMain {
    private ModelMain() {}

    /** Takes the options of the command; the exit status is the command's. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new ModelCommand()).execute(arguments));
    }
}

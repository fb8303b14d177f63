package io.vmha.testcluster.faults;

import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import picocli.CommandLine;

/** Starts the fault-injection cluster. Exit status 0 if every invariant held, 1 if one was violated, 2 for wrong usage, 3 if the test bed failed. */
public final class FaultsMain {
    private static final int WRONG_USAGE = 2;

    private FaultsMain() {}

    /** Takes the words after {@code ./faults}. */
    public static void main(String[] arguments) {
        System.exit(command().execute(arguments));
    }

    /** What was given wrongly, or cannot be read or written, is a sentence; anything else is a fault of ours, with its trace. */
    static CommandLine command() {
        return new CommandLine(new FaultsCommand()).setExecutionExceptionHandler((e, command, parsed) -> {
            if (e instanceof IllegalArgumentException || e instanceof UncheckedIOException) {
                command.getErr().println("faults: " + e.getMessage());
                return WRONG_USAGE;
            }
            if (e instanceof FileSystemException file) {
                String why = file.getReason() == null ? file.getClass().getSimpleName() : file.getReason();
                command.getErr().println("faults: " + file.getFile() + " cannot be used (" + why + ")");
                return WRONG_USAGE;
            }
            throw e;
        });
    }
}

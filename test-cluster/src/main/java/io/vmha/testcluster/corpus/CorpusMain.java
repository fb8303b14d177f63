package io.vmha.testcluster.corpus;

/** Starts the check of captured frames. */
public final class CorpusMain {
    private CorpusMain() {}

    /** Takes the options of the command; the exit status is the command's. */
    public static void main(String[] arguments) {
        System.exit(CorpusCommand.run(arguments));
    }
}

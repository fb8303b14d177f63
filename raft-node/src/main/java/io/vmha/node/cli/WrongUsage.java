package io.vmha.node.cli;

import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Says in one line what is wrong with a command, instead of a page of help in which that line is lost. */
final class WrongUsage {
    private WrongUsage() {}

    static int tell(ParameterException e) {
        CommandLine command = e.getCommandLine();
        String help = command.getCommandSpec().qualifiedName() + " --help";
        String sentence = e instanceof UnmatchedArgumentException unmatched ? unmatched(unmatched) : e.getMessage();
        command.getErr().println(sentence + (sentence.endsWith("?") ? " See " : "; see ") + help);
        return ExitCode.USAGE.number();
    }

    private static String unmatched(UnmatchedArgumentException e) {
        CommandLine command = e.getCommandLine();
        String word = e.getUnmatched().get(0);
        boolean isOption = word.startsWith("-");
        boolean isVerb = !isOption
                && !command.getSubcommands().isEmpty()
                && command.getCommandSpec().positionalParameters().isEmpty();
        if (!isOption && !isVerb) {
            return command.getCommandSpec().qualifiedName() + " takes nothing more, but there is '" + word + "'";
        }
        List<String> near = e.getSuggestions();
        return "there is no " + (isOption ? "option " : "verb ") + word
                + (near.isEmpty() ? "" : "; did you mean " + near.get(0) + "?");
    }
}

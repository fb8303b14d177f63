package io.vmha.node.cli;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Whose turn it is to restart a daemon. */
@Command(
        name = "turn",
        description = "Restarts of vmhad take turns, so that a majority of the voters keeps answering all hosts.")
final class TurnVerb implements Callable<Integer> {
    private static final Duration ASK_AGAIN = Duration.ofSeconds(1);

    @ParentCommand
    private VmhaCommand vmha;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "vmha turn take [--wait SECONDS], or vmha turn end?");
    }

    @Command(description = "Takes this host's turn; the daemon gives it back by itself when it has started again.")
    int take(
            @Option(
                            names = "--wait",
                            paramLabel = "SECONDS",
                            defaultValue = "0",
                            description =
                                    "ask again for so long while it is another host's turn, or nobody leads (default:"
                                            + " 0)")
                    int seconds) {
        if (seconds < 0) {
            throw new ParameterException(spec.commandLine(), "--wait must be at least 0 but is " + seconds);
        }
        long untilNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        String told = "";
        while (true) {
            Admin.Answer answer = vmha.connection().ask("/v1/turn/take", "");
            // nobody may lead just because another host is restarting its daemon: then it is no time for this one
            if (answer.status() < 300 || System.nanoTime() >= untilNanos) {
                return vmha.connection().tell(answer);
            }
            String why = Document.parse(answer.json()).text("error");
            if (!why.equals(told)) {
                told = why;
                spec.commandLine().getErr().println("waiting: " + why);
            }
            LockSupport.parkNanos(ASK_AGAIN.toNanos());
        }
    }

    @Command(description = "Gives this host's turn back without a restart.")
    int end() {
        return vmha.connection().change("/v1/turn/end", "");
    }
}

package io.vmha.node.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** What an operator does to a host. */
@Command(name = "host", description = "What an operator does to a host.")
final class HostVerb implements Callable<Integer> {
    /** Whether it begins or ends. */
    enum Switch {
        on,
        off
    }

    @ParentCommand
    private VmhaCommand vmha;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        throw new ParameterException(
                spec.commandLine(),
                "what about which host? vmha host maintenance HOST on|off, or vmha host return HOST");
    }

    /** {@code return} is a word of the language. */
    @Command(
            name = "return",
            description = "Takes a recovered host back into service; you answer for its running none of its old VMs.")
    int comeBack(
            @Parameters(paramLabel = "HOST") String host,
            @Option(names = "--person", paramLabel = "NAME", description = "who answers for it (default: the user)")
                    String person) {
        return vmha.connection().change("/v1/hosts/" + Connection.segment(host) + "/return", Person.document(person));
    }

    @Command(description = "Starts or ends maintenance: a host in maintenance is never declared dead.")
    int maintenance(@Parameters(paramLabel = "HOST") String host, @Parameters(paramLabel = "on|off") Switch value) {
        return vmha.connection()
                .change("/v1/hosts/" + Connection.segment(host) + "/maintenance?on=" + (value == Switch.on), "");
    }
}

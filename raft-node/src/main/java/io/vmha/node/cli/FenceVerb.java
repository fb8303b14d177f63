package io.vmha.node.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** The hosts' fence devices. */
@Command(name = "fence", description = "The hosts' fence devices.")
final class FenceVerb implements Callable<Integer> {
    @ParentCommand
    private VmhaCommand vmha;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "whose? vmha fence test HOST");
    }

    @Command(description = "Proves that a host can be fenced, from this node, without powering anything off.")
    int test(
            @Parameters(paramLabel = "HOST") String host,
            @Option(
                            names = "--really",
                            description = "power the host off and on again; it must be in maintenance and run no VM")
                    boolean really) {
        return vmha.connection().change("/v1/hosts/" + Connection.segment(host) + "/fence-test?really=" + really, "");
    }
}

package io.vmha.testcluster.gossipsim;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code test-cluster/bin/gossip-sim}: the product's gossip and its direct observation, in virtual time. */
@Command(
        name = "gossip-sim",
        mixinStandardHelpOptions = true,
        description = "Runs the product's own gossip and its direct observation in virtual time.",
        subcommands = {PoolVerb.class, DetectionVerb.class, VerdictVerb.class})
final class GossipSimCommand implements Runnable {
    @Spec
    private CommandSpec command;

    GossipSimCommand() {}

    @Override
    public void run() {
        throw new ParameterException(command.commandLine(), "say what is to be simulated: pool, detection or verdict");
    }
}

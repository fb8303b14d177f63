package io.vmha.testcluster.gossipsim;

import picocli.CommandLine;

/** Starts the simulator of pools. */
public final class GossipSimMain {
    private GossipSimMain() {}

    /** Takes the options of the command; the exit status is the command's. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new GossipSimCommand()).execute(arguments));
    }
}

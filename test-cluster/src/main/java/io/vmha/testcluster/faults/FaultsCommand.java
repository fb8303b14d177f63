package io.vmha.testcluster.faults;

import picocli.CommandLine.Command;

/** {@code faults}: its verbs are its subcommands. */
@Command(
        name = "faults",
        mixinStandardHelpOptions = true,
        version = "faults 0.1.0",
        description =
                "Real daemons on namespaced hosts, real faults, recorded histories, independent checkers, a report.",
        footer = "faults clean removes what a killed run may have left: nothing but empty control groups.",
        subcommands = {
            RunVerb.class,
            SoakVerb.class,
            ProveVerb.class,
            ListVerb.class,
            DescribeVerb.class,
            CheckVerb.class,
            LedgerVerb.class
        })
final class FaultsCommand {}

package io.vmha.node.cli;

import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/** The gossip pool. */
@Command(
        name = "members",
        description = "The members of the gossip pool, as this node sees them; all their tags with --json.")
final class MembersVerb implements Callable<Integer> {
    /** The tags by which daemons find each other: too long for a line, and the other columns say what they mean. */
    private static final Set<String> INNER_TAGS = Set.of("group", "host", "peer", "raft", "voter");

    @ParentCommand
    private VmhaCommand vmha;

    @Override
    public Integer call() {
        return vmha.connection().show("/v1/members", document -> {
            vmha.connection()
                    .screen()
                    .table(
                            List.of("NAME", "ADDRESS", "STATUS", "RAFT", "TAGS"),
                            document.items().stream()
                                    .map(m -> List.of(
                                            m.text("name"),
                                            m.text("address"),
                                            m.text("status"),
                                            raft(m),
                                            m.pairs("tags", INNER_TAGS)))
                                    .toList());
            return ExitCode.OK.number();
        });
    }

    static String raft(Document host) {
        return host.isTrue("leader") ? "leader" : host.isTrue("voter") ? "voter" : "-";
    }
}

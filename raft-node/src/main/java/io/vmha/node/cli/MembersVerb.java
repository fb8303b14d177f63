package io.vmha.node.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/** The gossip pool. */
@Command(name = "members", description = "The members of the gossip pool, as this node sees them.")
final class MembersVerb implements Callable<Integer> {
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
                                            m.pairs("tags")))
                                    .toList());
            return ExitCode.OK.number();
        });
    }

    static String raft(Document host) {
        return host.isTrue("leader") ? "leader" : host.isTrue("voter") ? "voter" : "-";
    }
}

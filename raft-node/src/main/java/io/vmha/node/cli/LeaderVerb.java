package io.vmha.node.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Who leads. */
@Command(name = "leader", description = "Who leads the group of this host; exit status 3 if nobody does.")
final class LeaderVerb implements Callable<Integer> {
    @ParentCommand
    private VmhaCommand vmha;

    @Option(names = "--consistent", description = "ask the cluster, not only this node's memory")
    private boolean consistent;

    @Override
    public Integer call() {
        return vmha.connection().show(consistent ? "/v1/leader?consistent" : "/v1/leader", document -> {
            vmha.connection().screen().line(sentence(document));
            return (Connection.noLeader(document) ? ExitCode.NO_LEADER : ExitCode.OK).number();
        });
    }

    static String sentence(Document document) {
        if (Connection.noLeader(document)) {
            return "no leader: " + document.text("reason");
        }
        Document leader = document.at("leader");
        return leader.text("host") + " (" + leader.text("address") + "), term " + document.text("term");
    }
}

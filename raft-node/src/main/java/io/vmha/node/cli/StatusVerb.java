package io.vmha.node.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/** Everything on one screen. */
@Command(
        name = "status",
        description = "Leader, pool, protection, hosts and open incidents; exit status 3 without a leader.")
final class StatusVerb implements Callable<Integer> {
    @ParentCommand
    private VmhaCommand vmha;

    @Override
    public Integer call() {
        return vmha.connection().show("/v1/view", view -> {
            Screen screen = vmha.connection().screen();
            screen.fact("leader", LeaderVerb.sentence(view));
            screen.fact("this node", view.text("host") + " (" + view.text("address") + "), " + view.text("role"));
            List<Document> members = view.at("members").items();
            long alive = members.stream()
                    .filter(m -> m.text("status").equals("alive"))
                    .count();
            screen.fact("pool", alive + " of " + members.size() + " members alive");
            List<Document> azs = view.at("azs").items();
            if (azs.isEmpty()) {
                screen.fact("protection", "none: enable it with vmha az enable AZ");
            }
            azs.forEach(az -> screen.fact("protection", az.text("az") + ": " + AzVerb.protection(az)));
            List<Document> open = view.at("incidents").items().stream()
                    .filter(i -> !i.text("phase").equals("closed"))
                    .toList();
            screen.fact("incidents", open.isEmpty() ? "none open" : open.size() + " open");
            open.forEach(i -> screen.fact("", IncidentsVerb.line(i)));
            azs.forEach(az -> AzVerb.reserves(screen, az));
            if (!azs.isEmpty()) {
                screen.fact("feature level", view.text("feature_level"));
            }
            view.at("trouble").items().forEach(t -> screen.fact("trouble", t.text()));
            azs.forEach(az -> {
                screen.line("");
                AzVerb.hosts(screen, az);
            });
            return (Connection.noLeader(view) ? ExitCode.NO_LEADER : ExitCode.OK).number();
        });
    }
}

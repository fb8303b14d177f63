package io.vmha.node.cli;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** The voters of the group. */
@Command(
        name = "raft",
        description = {
            "The voters of this host's group. They look after themselves: a voter that is gone is replaced after"
                    + " raft.replace_after.",
            "These verbs are for planned work and for looking closely."
        })
final class RaftVerb implements Callable<Integer> {
    private static final int HASH_SHOWN = 12;

    @ParentCommand
    private VmhaCommand vmha;

    @Override
    public Integer call() {
        return peers();
    }

    @Command(
            description =
                    "Every voter with how far it has applied the log and what its state comes to: at an equal index"
                            + " the states must be equal.")
    int peers() {
        return vmha.connection().show("/v1/raft/peers", document -> {
            Screen screen = vmha.connection().screen();
            List<Document> voters = document.at("voters").items();
            if (voters.isEmpty()) {
                screen.line("this host is in no group; vmha az enable AZ founds one");
                return ExitCode.OK.number();
            }
            screen.table(
                    List.of("HOST", "RAFT", "AGENT", "RACK", "APPLIED", "STATE", "VERSION", "LEVEL", "ADDRESS", "ID"),
                    voters.stream()
                            .map(v -> List.of(
                                    v.text("host"),
                                    v.isTrue("leader") ? "leader" : "voter",
                                    v.text("agent"),
                                    orDash(v.text("rack")),
                                    orDash(v.text("applied_index")),
                                    orDash(head(v.text("state_sha256"))),
                                    orDash(v.text("version")),
                                    orDash(v.text("feature_level")),
                                    v.text("address"),
                                    v.text("id")))
                            .toList());
            levels(screen, document);
            return ExitCode.OK.number();
        });
    }

    private static void levels(Screen screen, Document document) {
        screen.line("feature level " + document.text("feature_level") + " of " + document.text("feature_level_of_build")
                + " that the vmhad here understands");
        List<Document> behind = document.at("behind").items();
        if (!behind.isEmpty()) {
            screen.line("waits for these hosts, whose vmhad is older or does not run: "
                    + behind.stream().map(Document::text).collect(Collectors.joining(", ")));
        }
        List<Document> incidents = document.at("level_waits_for_incidents").items();
        if (!incidents.isEmpty()) {
            screen.line("is not raised before these incidents are closed: "
                    + incidents.stream().map(Document::text).collect(Collectors.joining(", ")));
        }
    }

    @Command(
            description = {
                "Hands the leadership to the voter on HOST; run it on the leader's host.",
                "Risk: for about half a second nobody leads, and what the old leader had begun is looked at again by"
                        + " the new one."
            })
    int transfer(@Parameters(paramLabel = "HOST") String host) {
        return vmha.connection().change("/v1/raft/transfer/" + Connection.segment(host), "");
    }

    @Command(
            description = {
                "Takes a voter that is gone for good out of the group at once; ID as vmha raft peers shows it; run it"
                        + " on the leader's host.",
                "Risk: until another host has taken its place, one failure fewer is survived. Refused if the voter is"
                        + " alive, or if the rest",
                "would have no majority that answers. Never needed for a host that left the aggregate: that happens by"
                        + " itself."
            })
    int remove(
            @Parameters(paramLabel = "ID") String id,
            @Option(names = "--person", paramLabel = "NAME", description = "who answers for it (default: the user)")
                    String person) {
        return vmha.connection().change("/v1/raft/remove/" + Connection.segment(id), Person.document(person));
    }

    private static String head(String hash) {
        return hash.substring(0, Math.min(HASH_SHOWN, hash.length()));
    }

    private static String orDash(String text) {
        return text.isEmpty() ? "-" : text;
    }
}

package io.vmha.node.cli;

import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Empties a host for work on it. */
@Command(
        name = "drain",
        description = {
            "Empties a host: disables it in Nova and migrates its VMs away while they run.",
            "VMs that cannot be migrated so (stopped ones, and those of which Nova has failed three times) stay and are"
                    + " named; with --fallback cold they are stopped, moved and started instead.",
            "The host is protected all the while; vmha host maintenance HOST on comes after it."
        })
final class DrainVerb implements Callable<Integer> {
    /** What becomes of VMs that cannot be migrated while they run. */
    enum Fallback {
        none,
        cold
    }

    private static final long POLL_NANOS = 1_000_000_000L;

    @ParentCommand
    private HostVerb parent;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "HOST")
    private String host;

    @Option(names = "--fallback", paramLabel = "none|cold", defaultValue = "none", description = "(default: none)")
    private Fallback fallback;

    @Option(
            names = "--parallel",
            paramLabel = "N",
            defaultValue = "2",
            description = "migrations at a time (default: 2)")
    private int parallel;

    @Option(names = "--force", description = "even if the other hosts do not seem to have the memory for it")
    private boolean force;

    @Option(
            names = "--undo",
            description = "take a drain back: nothing more is moved, and the host is enabled if the drain disabled it")
    private boolean undo;

    @Option(names = "--no-wait", description = "do not wait for its end; it goes on by itself in either case")
    private boolean noWait;

    @Option(names = "--person", paramLabel = "NAME", description = "who decides this (default: the user)")
    private String person;

    private final TreeMap<String, String> shown = new TreeMap<>();
    private boolean open;
    private ExitCode ending = ExitCode.OK;

    @Override
    public Integer call() {
        Connection connection = parent.connection();
        String segment = Connection.segment(host);
        String path = undo
                ? "/v1/hosts/" + segment + "/undrain"
                : "/v1/hosts/" + segment + "/drain?fallback=" + fallback + "&parallel=" + parallel + "&force=" + force;
        if (connection.isJson() && !noWait) {
            // one document at the end
            int status = connection.quietly(path, Person.document(person));
            return status == ExitCode.OK.number() ? awaitEnd(connection, segment) : status;
        }
        int status = connection.change(path, Person.document(person));
        return status == ExitCode.OK.number() && !noWait ? awaitEnd(connection, segment) : status;
    }

    private int awaitEnd(Connection connection, String segment) {
        String document = "/v1/drains/" + segment + "?consistent";
        while (true) {
            int status = connection.look(document, this::progress);
            if (status != ExitCode.OK.number()) {
                return status;
            }
            if (!open) {
                int shownAs = connection.show(document, this::end);
                return shownAs == ExitCode.OK.number() ? ending.number() : shownAs;
            }
            LockSupport.parkNanos(POLL_NANOS);
            if (Thread.currentThread().isInterrupted()) {
                return ExitCode.REFUSED.number();
            }
        }
    }

    /** A line for each VM whose step has changed; nothing of it in JSON. */
    private int progress(Document drain) {
        open = drain.text("phase").equals("draining") || drain.text("phase").equals("undoing");
        ending = ending(drain, undo);
        if (!parent.connection().isJson()) {
            Screen screen = parent.connection().screen();
            for (Document move : drain.at("moves").items()) {
                String now = move.text("step").replace('_', ' ')
                        + (move.text("detail").isEmpty() ? "" : ": " + move.text("detail"));
                if (!now.equals(shown.put(move.text("id"), now))
                        && !move.text("step").equals("waiting")) {
                    screen.line(move.text("name") + "  " + now);
                }
            }
            spec.commandLine().getOut().flush();
        }
        return ExitCode.OK.number();
    }

    private int end(Document drain) {
        Screen screen = parent.connection().screen();
        screen.line(drain.text("host") + " is " + drain.text("phase") + ": " + drain.text("summary"));
        return ExitCode.OK.number();
    }

    /** VMs that stay are what a drain could not do, and what its undoing wants. */
    static ExitCode ending(Document drain, boolean undo) {
        boolean asWished =
                drain.text("phase").equals("undone") ? undo : drain.text("left").equals("0");
        return asWished ? ExitCode.OK : ExitCode.REFUSED;
    }
}

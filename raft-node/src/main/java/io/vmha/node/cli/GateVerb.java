package io.vmha.node.cli;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** The hold that nova-compute and libvirt's autostart wait for (S11). Asks a file, not the daemon: a closed gate needs no answer. */
@Command(
        name = "gate",
        description =
                "Whether this host may start guests; exit status 1 if it may not. nova-compute and libvirt's autostart"
                        + " wait for it.")
final class GateVerb implements Callable<Integer> {
    private static final long FOR_EVER = -1;
    private static final long WAIT_SECONDS_MAX = 10_000_000;
    private static final Duration LOOK_AGAIN = Duration.ofMillis(500);
    private static final long TELL_AGAIN_MS = 60_000;

    @ParentCommand
    private VmhaCommand vmha;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--wait",
            arity = "0..1",
            paramLabel = "SECONDS",
            fallbackValue = "-1",
            description =
                    "wait until it is open, without a limit if none is given; what it waits for is told on standard"
                            + " error")
    private Long waitSeconds;

    @Option(names = "--file", paramLabel = "FILE", description = "what the daemon says (default: ${DEFAULT-VALUE})")
    private Path file = Path.of("/run/vmha/gate");

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "without this file there is no daemon, and the gate is open (default: ${DEFAULT-VALUE})")
    private Path config = Path.of("/etc/vmha/vmhad.yaml");

    @Override
    public Integer call() {
        if (waitSeconds != null && (waitSeconds < FOR_EVER || waitSeconds > WAIT_SECONDS_MAX)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--wait must be from 0 to " + WAIT_SECONDS_MAX + " seconds, or without a number to wait for ever,"
                            + " but is " + waitSeconds);
        }
        long startedNanos = System.nanoTime();
        String told = "";
        long toldMs = 0;
        while (true) {
            long waitedMs = (System.nanoTime() - startedNanos) / 1_000_000;
            GateNotice gate = look();
            if (gate.open() || isOver(waitedMs)) {
                return tell(gate, waitedMs);
            }
            if (!gate.reason().equals(told) || waitedMs - toldMs >= TELL_AGAIN_MS) {
                told = gate.reason();
                toldMs = waitedMs;
                String since = waitedMs < 1_000 ? "" : ", for " + waitedMs / 1_000 + " s so far";
                spec.commandLine().getErr().println("waiting" + since + ": " + told);
            }
            LockSupport.parkNanos(LOOK_AGAIN.toNanos());
        }
    }

    /** Only a file that is surely not there opens the gate: one that cannot be seen, or a link to nowhere, is a daemon that is missing. */
    private GateNotice look() {
        if (Files.notExists(config, LinkOption.NOFOLLOW_LINKS)) {
            return new GateNotice(true, "vmhad is not configured here: there is no " + config);
        }
        return Files.exists(config, LinkOption.NOFOLLOW_LINKS)
                ? GateNotice.read(file)
                : new GateNotice(false, "this user may not see whether there is a " + config + ": ask as root or vmha");
    }

    private boolean isOver(long waitedMs) {
        return waitSeconds == null || (waitSeconds != FOR_EVER && waitedMs >= waitSeconds * 1_000);
    }

    private int tell(GateNotice gate, long waitedMs) {
        if (vmha.connection().isJson()) {
            String reason = new String(JsonStringEncoder.getInstance().quoteAsString(gate.reason()));
            spec.commandLine()
                    .getOut()
                    .println("{\"open\": " + gate.open() + ", \"reason\": \"" + reason + "\", \"waited_ms\": "
                            + waitedMs + "}");
        } else {
            vmha.connection().screen().line((gate.open() ? "open: " : "closed: ") + gate.reason());
        }
        return (gate.open() ? ExitCode.OK : ExitCode.REFUSED).number();
    }
}

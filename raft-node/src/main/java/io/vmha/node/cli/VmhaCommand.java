package io.vmha.node.cli;

import io.netty.util.internal.logging.InternalLoggerFactory;
import io.netty.util.internal.logging.JdkLoggerFactory;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** The command {@code vmha}. */
@Command(
        name = "vmha",
        versionProvider = VmhaCommand.Version.class,
        description = "Asks the high availability daemon of this host, and tells it what an operator wants.",
        subcommands = {
            LeaderVerb.class,
            MembersVerb.class,
            StatusVerb.class,
            AzVerb.class,
            IncidentsVerb.class,
            ExplainVerb.class,
            HostVerb.class,
            TurnVerb.class,
            GateVerb.class,
            FenceVerb.class,
            RaftVerb.class,
            CaVerb.class,
            VmVerb.class,
            DrillVerb.class,
            SnapshotVerb.class
        },
        synopsisSubcommandLabel = "VERB",
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:done",
            "1:refused or failed; the reason is on standard error, with --json on standard output",
            "2:wrong usage",
            "3:there is no leader",
            "4:the daemon is not reachable",
            "5:Keystone or Nova did not answer the daemon, or refused"
        })
public final class VmhaCommand implements Callable<Integer> {
    /** The package's version, as the build has written it. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = VmhaCommand.class.getPackage().getImplementationVersion();
            return new String[] {"vmha " + (version == null ? "development" : version)};
        }
    }

    /** What JUL and Netty's loggers hang on, kept from being collected. */
    private static final Logger ROOT = Logger.getLogger("");

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "show what a verb does and takes")
    @SuppressWarnings("UnusedVariable") // picocli looks at the annotation
    private boolean help;

    @Option(
            names = {"-V", "--version"},
            versionHelp = true,
            description = "show the version")
    @SuppressWarnings("UnusedVariable") // picocli looks at the annotation
    private boolean version;

    @Mixin
    private Connection connection;

    @Spec
    private CommandSpec spec;

    Connection connection() {
        return connection;
    }

    @Override
    public Integer call() {
        PrintWriter err = spec.commandLine().getErr();
        err.println("which verb?");
        spec.commandLine().usage(err);
        return ExitCode.USAGE.number();
    }

    /** Runs one command and ends the process with its exit status. */
    public static void main(String[] args) {
        ROOT.setLevel(Level.OFF); // a library's complaint would only hide the sentence that says what to do
        InternalLoggerFactory.setDefaultFactory(
                JdkLoggerFactory.INSTANCE); // and logback would cost a third of the start
        var out = new PrintWriter(System.out, false, StandardCharsets.UTF_8);
        var err = new PrintWriter(System.err, true, StandardCharsets.UTF_8); // what is waited for is said while waiting
        int status = run(out, err, args);
        out.flush();
        err.flush();
        System.exit(status);
    }

    /** Runs one command within this process and returns its exit status. */
    public static int run(PrintWriter out, PrintWriter err, String... args) {
        return new CommandLine(new VmhaCommand())
                .setOut(out)
                .setErr(err)
                .registerConverter(Long.TYPE, VmhaCommand::wholeNumber)
                .setParameterExceptionHandler((e, words) -> WrongUsage.tell(e))
                .setExecutionExceptionHandler((e, command, parsed) -> {
                    if (e instanceof Failure failure) {
                        command.getErr().println(failure.getMessage());
                        return failure.exitCode().number();
                    }
                    throw e;
                })
                .execute(args);
    }

    private static long wholeNumber(String word) {
        try {
            return Long.parseLong(word);
        } catch (NumberFormatException e) {
            throw new TypeConversionException("expected a whole number but found '" + word + "'");
        }
    }
}

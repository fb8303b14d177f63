package io.vmha.node.cli;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Certificates for the nodes. Asks no daemon. */
@Command(
        name = "ca",
        description = {
            "An authority of your own, and the certificates by which nodes know each other (raft.tls). Works on files"
                    + " only, and asks no daemon.",
            "The authority's key stays on the machine where it was made: whoever has it can make himself a node."
        })
final class CaVerb implements Callable<Integer> {
    private static final String AUTHORITY_DAYS = "3650";
    private static final String NODE_DAYS = "825";

    @ParentCommand
    private VmhaCommand vmha;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        throw new ParameterException(
                spec.commandLine(), "what? vmha ca init DIR, or vmha ca issue DIR --host HOST --ip ADDRESS");
    }

    @Command(description = "Makes an authority: DIR/ca.pem, which every host gets, and DIR/ca.key, which nobody gets.")
    int init(
            @Parameters(paramLabel = "DIR", description = "Where the authority is kept: not on the hosts.") Path dir,
            @Option(
                            names = "--days",
                            defaultValue = AUTHORITY_DAYS,
                            description = "valid for so long (default: ${DEFAULT-VALUE})")
                    int days) {
        return working(() -> {
            new CertificateOffice(dir).init(days);
            vmha.connection()
                    .screen()
                    .line("made " + dir.resolve("ca.pem") + " and " + dir.resolve("ca.key") + "; next: vmha ca issue "
                            + dir + " --host HOST --ip ADDRESS for each host");
        });
    }

    @Command(
            description = {
                "Makes a host's certificate and key: DIR/HOST.pem and DIR/HOST.key. On the host they become"
                        + " raft.tls.cert and raft.tls.key,",
                "readable for the user vmha only. Files that are replaced there are taken up without a restart."
            })
    int issue(
            @Parameters(paramLabel = "DIR", description = "Where the authority is kept: not on the hosts.") Path dir,
            @Option(names = "--host", required = true, paramLabel = "HOST", description = "the host's name")
                    String host,
            @Option(
                            names = "--ip",
                            required = true,
                            paramLabel = "ADDRESS",
                            description =
                                    "its cluster_ip: peers check that the certificate names the address that they talk"
                                            + " to")
                    InetAddress ip,
            @Option(
                            names = "--days",
                            defaultValue = NODE_DAYS,
                            description = "valid for so long (default: ${DEFAULT-VALUE})")
                    int days) {
        return working(() -> {
            new CertificateOffice(dir).issue(host, ip, days);
            vmha.connection()
                    .screen()
                    .line("made " + dir.resolve(host + ".pem") + " and " + dir.resolve(host + ".key") + " for "
                            + ip.getHostAddress() + "; take both and ca.pem to " + host);
        });
    }

    private interface Work {
        void run() throws IOException;
    }

    private static int working(Work work) {
        try {
            work.run();
            return ExitCode.OK.number();
        } catch (IOException e) {
            throw new Failure(ExitCode.REFUSED, e.getMessage() == null ? e.toString() : e.getMessage());
        }
    }
}

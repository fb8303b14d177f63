package io.vmha.node.cli;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.time.Duration;
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
    private static final String WAIT_SECONDS = "60";
    private static final String WAIT =
            "how long another vmha ca that works in DIR is waited for (default: ${DEFAULT-VALUE})";

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
                            paramLabel = "DAYS",
                            description = "valid for so long (default: ${DEFAULT-VALUE})")
                    int days,
            @Option(names = "--wait", defaultValue = WAIT_SECONDS, paramLabel = "SECONDS", description = WAIT)
                    int wait) {
        return working(() -> {
            new CertificateOffice(dir, patience(wait)).init(days);
            made(dir, "ca", "; next: vmha ca issue " + dir + " --host HOST --ip ADDRESS for each host");
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
                    String ip,
            @Option(
                            names = "--days",
                            defaultValue = NODE_DAYS,
                            paramLabel = "DAYS",
                            description = "valid for so long (default: ${DEFAULT-VALUE})")
                    int days,
            @Option(names = "--wait", defaultValue = WAIT_SECONDS, paramLabel = "SECONDS", description = WAIT)
                    int wait) {
        return working(() -> {
            InetAddress address = address(ip);
            new CertificateOffice(dir, patience(wait)).issue(host, address, days);
            made(dir, host, " for " + address.getHostAddress() + "; take both and ca.pem to " + host);
        });
    }

    private interface Work {
        void run() throws IOException;
    }

    private void made(Path dir, String name, String next) {
        Path certificate = dir.resolve(name + ".pem");
        Path key = dir.resolve(name + ".key");
        if (vmha.connection().isJson()) {
            spec.commandLine()
                    .getOut()
                    .println("{\"certificate\":\"" + quoted(certificate) + "\",\"key\":\"" + quoted(key) + "\"}");
        } else {
            vmha.connection().screen().line("made " + certificate + " and " + key + next);
        }
    }

    private Duration patience(int seconds) {
        if (seconds < 0) {
            throw new ParameterException(spec.commandLine(), "--wait must be at least 0 but is " + seconds);
        }
        return Duration.ofSeconds(seconds);
    }

    private static String quoted(Path path) {
        return new String(JsonStringEncoder.getInstance().quoteAsString(path.toString()));
    }

    /** A name would be whatever its name server says today, and nothing at all is the loopback address. */
    private static InetAddress address(String text) throws IOException {
        byte[] bytes = text.contains("%") ? null : NetUtil.createByteArrayFromIpAddressString(text);
        InetAddress address = bytes == null ? null : InetAddress.getByAddress(bytes);
        if (address == null || address.isAnyLocalAddress() || address.isMulticastAddress()) {
            throw new IOException("--ip must be the host's cluster_ip, such as 10.0.0.1, but is '" + text + "'");
        }
        return address;
    }

    private static int working(Work work) {
        try {
            work.run();
            return ExitCode.OK.number();
        } catch (FileSystemException e) {
            throw new Failure(
                    ExitCode.REFUSED,
                    e.getFile() + " cannot be used ("
                            + (e.getReason() == null ? e.getClass().getSimpleName() : e.getReason())
                            + "): DIR must be a directory that this user may write to, with space left");
        } catch (IOException e) {
            throw new Failure(ExitCode.REFUSED, e.getMessage() == null ? e.toString() : e.getMessage());
        }
    }
}

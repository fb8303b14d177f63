package io.vmha.node;

import io.vmha.gossip.netty.GossipException;
import io.vmha.node.config.ConfigException;
import io.vmha.node.config.VmhadConfig;
import io.vmha.node.raft.RaftNodeException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The daemon {@code vmhad}. Exit codes: 0 stopped, 1 failed, 2 wrong usage, 78 configuration errors (all of them on standard error). */
public final class Main {
    private static final Logger LOG = LoggerFactory.getLogger(Main.class);
    private static final String USAGE = """
        usage: vmhad --config FILE      runs the VM high availability daemon of this host
               vmhad --check FILE       reads the file as the daemon would, says what it comes to, and ends
        FILE is /etc/vmha/vmhad.yaml on a host; every key is explained in vmhad.yaml.example.
        What is wrong in it is printed with its lines, and the exit status is 78.\
        """;

    private static final int EXIT_FAILED = 1;
    private static final int EXIT_USAGE = 2;
    private static final int EXIT_CONFIG = 78; // sysexits.h, EX_CONFIG

    private Main() {}

    /** Runs until it is told to stop. */
    public static void main(String[] arguments) {
        if (arguments.length == 1 && List.of("-h", "--help").contains(arguments[0])) {
            System.out.println(USAGE);
            System.exit(0);
        }
        if (arguments.length == 2 && arguments[0].equals("--check")) {
            System.exit(ConfigCheck.run(arguments[1], System.out, System.err) ? 0 : EXIT_CONFIG);
        }
        if (arguments.length != 2 || !arguments[0].equals("--config")) {
            System.err.println(USAGE);
            System.exit(EXIT_USAGE);
        }
        try {
            VmhadConfig config = VmhadConfig.load(Path.of(arguments[1]));
            run(config);
        } catch (ConfigException e) {
            System.err.println(e.getMessage());
            System.exit(EXIT_CONFIG);
        } catch (RaftNodeException | GossipException | UncheckedIOException e) {
            LOG.error("vmhad cannot start why=\"{}\"", e.getMessage()); // a sentence for people; a trace would hide it
            System.exit(EXIT_FAILED);
        } catch (RuntimeException e) {
            LOG.error("vmhad cannot start why=\"{}\"", e.getMessage(), e);
            System.exit(EXIT_FAILED);
        }
    }

    private static void run(VmhadConfig config) {
        var ended = new CountDownLatch(1);
        var leftByOperator = new AtomicBoolean();
        Daemon daemon = Daemon.start(
                config,
                why -> {
                    LOG.error("vmhad stops why=\"{}\"", why);
                    ended.countDown();
                },
                () -> {
                    leftByOperator.set(true);
                    ended.countDown();
                });
        Runtime.getRuntime().addShutdownHook(new Thread(daemon::close, "stop"));
        try {
            ended.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (leftByOperator.get()) {
            System.exit(0); // through the hook: in good order
        }
        try {
            daemon.abandon();
        } finally {
            // halt: a hook that waits for what has just failed must not keep a broken daemon alive
            Runtime.getRuntime().halt(EXIT_FAILED);
        }
    }
}

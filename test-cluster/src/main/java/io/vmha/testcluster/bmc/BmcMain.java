package io.vmha.testcluster.bmc;

import io.vmha.testcluster.bmc.SimulatedBmcs.Credentials;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Simulated BMCs as a process of their own, which end with it and with its standard input. */
@Command(
        name = "bmcs",
        mixinStandardHelpOptions = true,
        description = "A simulated BMC for each host (IPMI 2.0, cipher suite 3), until standard input ends.",
        footer =
                "DIRECTORY/power/hosts/HOST/NAME.pid (\"pid start\") names what power off kills; "
                        + "DIRECTORY/bmcs/HOST/fault (\"none\", \"deny\", \"slow 8\", \"lie\", \"hang\") how the BMC misbehaves.")
public final class BmcMain implements Callable<Integer> {
    @Option(names = "--directory", required = true, description = "State and logs; created if it is missing.")
    private Path directory = Path.of("");

    @Option(
            names = "--bmc",
            required = true,
            description = "HOST=ADDRESS:PORT, such as hv-1=127.0.1.1:6230; once for each host.")
    private List<String> bmcs = List.of();

    @Option(names = "--user", defaultValue = "admin", description = "Default: ${DEFAULT-VALUE}")
    private String user = "";

    @Option(names = "--password", defaultValue = "bmc-secret", description = "Default: ${DEFAULT-VALUE}")
    private String password = "";

    @Option(names = "--cloud", description = "ADDRESS:PORT of the simulated cloud that loses and gets the hosts.")
    private String cloud = "";

    /** Exit code 0 at the end of standard input, 78 if an option is wrong or a BMC cannot be started. */
    public static void main(String[] args) {
        System.exit(new CommandLine(new BmcMain()).execute(args));
    }

    @Override
    public Integer call() throws IOException {
        try {
            List<BmcSpec> specs = specs();
            List<String> hosts = specs.stream().map(BmcSpec::host).toList();
            Optional<InetSocketAddress> control = cloud.isEmpty() ? Optional.empty() : Optional.of(address(cloud));
            Files.createDirectories(directory);
            HostPower power = HostPower.install(directory.resolve("power"), hosts, control);
            Credentials credentials = new Credentials(user, password);
            try (SimulatedBmcs running =
                    SimulatedBmcs.start(directory.resolve("bmcs"), credentials, specs, power.hook())) {
                running.all()
                        .forEach(spec -> System.out.printf(
                                Locale.ROOT,
                                "bmc ready host=%s address=%s port=%d guid=%s%n",
                                spec.host(),
                                spec.address().getAddress().getHostAddress(),
                                spec.address().getPort(),
                                spec.guid()));
                System.in.transferTo(OutputStream.nullOutputStream()); // only its end matters
            }
            return 0;
        } catch (IllegalArgumentException | IllegalStateException e) {
            System.err.println(e.getMessage());
            return 78;
        }
    }

    private List<BmcSpec> specs() {
        List<BmcSpec> specs = new ArrayList<>();
        for (String text : bmcs) {
            String[] sides = text.split("=", 2);
            if (sides.length != 2) {
                throw new IllegalArgumentException("--bmc must be HOST=ADDRESS:PORT but is " + text);
            }
            String guid = BmcSpec.onFreePort(sides[0], specs.size() + 1).guid();
            specs.add(new BmcSpec(sides[0], address(sides[1]), guid));
        }
        return specs;
    }

    private static InetSocketAddress address(String text) {
        int colon = text.lastIndexOf(':');
        if (colon < 1 || !text.substring(colon + 1).matches("\\d{1,5}")) {
            throw new IllegalArgumentException(
                    "an address and port such as 127.0.1.1:6230 was expected but found " + text);
        }
        return new InetSocketAddress(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
    }
}

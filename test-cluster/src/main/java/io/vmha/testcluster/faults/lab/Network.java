package io.vmha.testcluster.faults.lab;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The namespaces and networks of the lab, by the script {@code netlab}; faults of the network are asked for here. */
public final class Network {
    private static final String LAB = "f";
    private static final String PREFIX = "10.77";
    private static final Pattern COUNTER = Pattern.compile("counter packets (\\d+)");

    private final Path script;
    private final int hosts;

    private Network(Path script, int hosts) {
        this.script = script;
        this.hosts = hosts;
    }

    /** Makes the namespaces h1 to hN on all networks, and gives the caller's namespace an address on each. */
    static Network create(Path script, int hosts) {
        var network = new Network(script, hosts);
        var arguments = new ArrayList<>(List.of("create", Integer.toString(hosts)));
        for (Net net : Net.values()) {
            arguments.add(net.word());
        }
        network.netlab(arguments);
        for (Net net : Net.values()) {
            network.netlab(List.of("uplink", net.word()));
        }
        return network;
    }

    private String netlab(List<String> arguments) {
        var command = new ArrayList<>(List.of(script.toString(), "-l", LAB));
        command.addAll(arguments);
        return Shell.run(command);
    }

    /** Does one thing to one network: {@code cut}, {@code loss} and the others of netlab. */
    public void fault(String verb, Net net, String... arguments) {
        var command = new ArrayList<>(List.of(verb, net.word()));
        command.addAll(Arrays.asList(arguments));
        netlab(command);
    }

    /** Cuts these groups off each other, all at the same instant; groups are comma lists of hosts. */
    public void partition(Net net, Collection<String> groups) {
        var command = new ArrayList<>(List.of("partition", net.word()));
        command.addAll(groups);
        netlab(command);
    }

    /** Takes every fault off a network. */
    public void heal(Net net) {
        netlab(List.of("heal", net.word()));
    }

    /** How many packets the filters of this network have dropped since they were last emptied. */
    public long dropped(Net net) {
        String rules = Shell.run(in("sw", "nft", "list", "table", "bridge", "f" + net.number()));
        long sum = 0;
        for (Matcher counter = COUNTER.matcher(rules); counter.find(); ) {
            sum += Long.parseLong(counter.group(1));
        }
        return sum;
    }

    /** The name of a host's namespace. */
    String namespace(String node) {
        return "nl-" + LAB + "-" + node;
    }

    /** The command that runs something in the namespace of a host, or in the switch, which is {@code sw}. */
    public List<String> in(String node, String... command) {
        var all = new ArrayList<>(List.of("ip", "netns", "exec", namespace(node)));
        all.addAll(Arrays.asList(command));
        return all;
    }

    /** The processes in the namespace of a host. */
    public List<Long> pids(String node) {
        return Shell.run(List.of("ip", "netns", "pids", namespace(node)))
                .lines()
                .filter(line -> !line.isBlank())
                .map(line -> Long.parseLong(line.strip()))
                .toList();
    }

    /** Kills everything in the namespace of a host; returns when nothing is left. */
    public void killAll(String node) {
        netlab(List.of("kill", node));
    }

    /** The cards of a host lose or get their carrier, all of them at once. */
    void power(String node, boolean on) {
        var batch = new StringBuilder();
        for (Net net : Net.values()) {
            batch.append("link set p")
                    .append(net.number())
                    .append('.')
                    .append(node.substring(1))
                    .append(on ? " up\n" : " down\n");
        }
        Shell.Outcome outcome =
                Shell.attempt(List.of("ip", "-n", "nl-" + LAB + "-sw", "-batch", "-"), batch.toString());
        if (outcome.status() != 0) {
            throw new LabException("the links of " + node + " cannot be set: " + outcome.output());
        }
    }

    /** The address of a host on a network. */
    public static String address(Net net, int number) {
        return PREFIX + "." + net.number() + "." + number;
    }

    /** The address of the injector on a network. */
    public static String up(Net net) {
        return address(net, 254);
    }

    /** The address of a host's BMC. */
    public static String bmc(int number) {
        return address(Net.BMC, 100 + number);
    }

    /** Answers for the BMCs' addresses from now on. */
    void addBmcAddresses(int count) {
        var batch = new StringBuilder();
        for (int i = 1; i <= count; i++) {
            batch.append("addr add ")
                    .append(bmc(i))
                    .append("/24 dev nl")
                    .append(LAB)
                    .append(Net.BMC.number())
                    .append('\n');
        }
        Shell.Outcome outcome = Shell.attempt(List.of("ip", "-batch", "-"), batch.toString());
        if (outcome.status() != 0) {
            throw new LabException("the BMCs' addresses cannot be added: " + outcome.output());
        }
    }

    /** How many hosts the lab has, with those that are no hypervisors. */
    public int hosts() {
        return hosts;
    }
}

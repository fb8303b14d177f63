package io.vmha.testcluster.bench;

import io.vmha.node.raft.GroupId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Three voters with certificates of their own, and one process of hosts; all die with this JVM. */
final class ScaleGroup implements AutoCloseable {
    private static final int PORT = 8300;
    private static final String HOSTS_HEAP = "-Xmx1g";

    private final Path directory;
    private final String net;
    private final GroupId group = GroupId.random();
    private final List<Child> voters = new ArrayList<>();
    private List<String> selves = List.of();
    private Optional<Child> hosts = Optional.empty();

    /**
     * What the hosts have seen since the last reset.
     *
     * @param held hosts with a lease
     * @param withAll hosts that every voter has answered
     * @param lost leases that had ended before they were renewed
     * @param longestGapMs the longest time of any host between two renewals that a majority answered
     */
    record Report(int held, int withAll, long answers, long lost, long longestGapMs) {}

    /** @param net the first three numbers of loopback addresses that nobody uses */
    ScaleGroup(Path directory, String net) {
        this.directory = directory;
        this.net = net;
    }

    void start(int hostCount) throws IOException {
        Files.createDirectories(directory);
        vmha("ca", "init", ca().toString());
        for (int i = 0; i < ServerGroup.SERVERS; i++) {
            vmha("ca", "issue", ca().toString(), "--host", "v" + i, "--ip", address(i));
            voters.add(voter(i));
        }
        vmha("ca", "issue", ca().toString(), "--host", "hosts", "--ip", net + ".9");
        selves = voters.stream().map(v -> v.await("self")).toList();
        voters.get(0).order("bootstrap " + group);
        voters.get(0).await("leader");
        String done = "";
        for (int tries = 0; !done.equals("NOTHING") && tries < 20; tries++) {
            voters.get(leader()).order("voters " + String.join(" ", selves));
            done = voters.get(leader()).await("voters");
        }
        if (!done.equals("NOTHING")) {
            throw new IllegalStateException("the group did not grow to three voters, last answer: " + done);
        }
        voters.get(leader()).order("hosts " + group + " " + hostCount);
        String made = voters.get(leader()).await("hosts");
        if (!made.equals(Integer.toString(hostCount))) {
            throw new IllegalStateException("the AZ has " + made + " hosts, wanted were " + hostCount);
        }
        voters.forEach(v -> v.order("ages"));
    }

    /** The process of the hosts, which does nothing yet. */
    void startHosts(int count) throws IOException {
        List<String> command =
                java(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", HOSTS_HEAP), ScaleHosts.class);
        command.addAll(tls("hosts"));
        command.addAll(List.of(group.toString(), Integer.toString(count)));
        selves.forEach(s -> command.addAll(List.of(s.split(" ", -1))));
        Child all = Child.start(command, directory.resolve("hosts.log"));
        hosts = Optional.of(all);
        all.await("ready");
    }

    /** All hosts connect, within the second in which each renews first. */
    void beginRenewing() {
        hosts.orElseThrow().order("begin");
    }

    Report report() {
        Child all = hosts.orElseThrow();
        all.order("report");
        String[] words = all.await("report").split(" ", -1);
        return new Report(
                Integer.parseInt(words[0]),
                Integer.parseInt(words[1]),
                Long.parseLong(words[2]),
                Long.parseLong(words[3]),
                Long.parseLong(words[4]));
    }

    void reset() {
        hosts.orElseThrow().order("reset");
    }

    /** Of each voter, and of the hosts' process once it runs. */
    List<Usage> usages() {
        return Stream.concat(voters.stream(), hosts.stream())
                .map(child -> Usage.of(child.handle()))
                .toList();
    }

    /** Kills a voter that does not lead, and says which. */
    int killFollower() {
        int follower = (leader() + 1) % ServerGroup.SERVERS;
        voters.get(follower).end();
        return follower;
    }

    void restart(int number) {
        voters.set(number, voter(number));
        voters.get(number).await("self");
        voters.get(number).order("ages");
    }

    private int leader() {
        return Await.that("a voter to lead", Duration.ofSeconds(60), () -> {
            long newest = 0;
            int leader = -1;
            for (int i = 0; i < voters.size(); i++) {
                long term = voters.get(i).last("leader").map(Long::parseLong).orElse(0L);
                if (term > newest && voters.get(i).isAlive()) {
                    newest = term;
                    leader = i;
                }
            }
            return leader < 0 ? Optional.empty() : Optional.of(leader);
        });
    }

    private Child voter(int number) {
        List<String> command = java(io.vmha.testcluster.cluster.VmhadProcess.jvm(), ScaleVoter.class);
        command.addAll(List.of(
                directory.resolve("v" + number).toString(), "v" + number, address(number), Integer.toString(PORT)));
        command.addAll(tls("v" + number));
        try {
            return Child.start(command, directory.resolve("v" + number + ".log"));
        } catch (IOException e) {
            throw new UncheckedIOException("a voter cannot be started", e);
        }
    }

    private String address(int voter) {
        return net + "." + (voter + 1);
    }

    private Path ca() {
        return directory.resolve("ca");
    }

    private List<String> tls(String name) {
        return Stream.of("ca.pem", name + ".pem", name + ".key")
                .map(file -> ca().resolve(file).toString())
                .toList();
    }

    private static List<String> java(List<String> flags, Class<?> main) {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        return command;
    }

    private void vmha(String... words) throws IOException {
        List<String> command = java(List.of("-XX:TieredStopAtLevel=1"), io.vmha.node.cli.VmhaCommand.class);
        command.addAll(List.of(words));
        Path said = directory.resolve("ca.log");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(said.toFile()))
                .start();
        try {
            if (process.waitFor() != 0) {
                throw new IOException("vmha " + String.join(" ", words) + " ended with " + process.exitValue() + ": "
                        + Files.readString(said));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        hosts.ifPresent(Child::end);
        voters.forEach(Child::end);
    }
}

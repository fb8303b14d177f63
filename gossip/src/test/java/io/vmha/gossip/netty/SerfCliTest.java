package io.vmha.gossip.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.gossip.rpc.LogLine;
import io.vmha.gossip.rpc.LogSource;
import io.vmha.gossip.serf.Query;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The stock {@code serf} command against our agent: every command, as an operator types it. */
@Tag("cluster")
final class SerfCliTest {
    private static final byte[] KEY = new byte[32];
    private static final byte[] NEXT_KEY = "0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final Duration DEATH = Duration.ofSeconds(60);
    private static final String AUTH = "sesame-open-and-shut";

    @TempDir
    private Path directory;

    private final List<AutoCloseable> running = new ArrayList<>();
    private final Answering heard = new Answering();
    private final ScriptedLog log = new ScriptedLog();
    private GossipAgent ours;
    private SerfCli cli;

    @AfterEach
    void stopAll() throws Exception {
        Collections.reverse(running);
        for (AutoCloseable process : running) {
            process.close();
        }
    }

    /** Runs a command until it says all this: whom it asks has two seconds or so to answer, which a busy machine may take for itself. */
    private void awaitSaid(List<String> words, String... command) {
        Await.until(
                String.join(" ", command) + " says " + words,
                SOON,
                () -> cli.run(command),
                text -> words.stream().allMatch(text::contains));
    }

    /** Our agent as an operator's program would be: answers one query. */
    private static final class Answering extends RecordingListener {
        private final AtomicReference<GossipAgent> agent = new AtomicReference<>();
        private volatile boolean leftByOperator;

        @Override
        public void onQuery(Query query) {
            super.onQuery(query);
            if (query.name().equals("load")) {
                var unused = agent.get().respond(query.id(), "0.7".getBytes(StandardCharsets.UTF_8));
            }
        }

        @Override
        public void onLeftByOperator() {
            leftByOperator = true;
        }
    }

    /** A log of one old line and those that the test adds. */
    private static final class ScriptedLog implements LogSource {
        private volatile Consumer<LogLine> reader = line -> {};

        @Override
        public List<LogLine> recent() {
            return List.of(new LogLine(LogLine.Level.INFO, "an old line"), new LogLine(LogLine.Level.DEBUG, "chatter"));
        }

        @Override
        public void follow(Consumer<LogLine> newReader) {
            reader = newReader;
        }
    }

    private void startOurs(byte[] key, String authKey) {
        InetSocketAddress address = Loopback.address(7946);
        RpcSettings rpc = RpcSettings.of(new InetSocketAddress(address.getAddress(), 7373))
                .withAuthKey(authKey)
                .withReservedTags(List.of("group"))
                .withLog(log);
        GossipConfig config = GossipConfig.of("ours", address)
                .withTags(new TreeMap<>(Map.of("role", "vmha")))
                .withKeys(key.length == 0 ? List.of() : List.of(key))
                .withRpc(rpc);
        ours = GossipAgent.start(config, heard);
        heard.agent.set(ours);
        running.add(ours);
        cli = new SerfCli(ours.rpcAddress().orElseThrow(), authKey);
    }

    private SerfProcess serf(String name, byte[] key) {
        SerfProcess serf = SerfProcess.start(name, directory, key);
        running.add(serf);
        return serf;
    }

    private static String ip(SerfProcess serf) {
        return serf.address().getAddress().getHostAddress();
    }

    @Test
    void joinMembersTagsInfoAndLeave() {
        startOurs(new byte[0], "");
        SerfProcess one = serf("one", new byte[0]);

        assertThat(cli.run("join", "127.255.255.1", ip(one)))
                .contains("Successfully joined cluster by contacting 1 nodes");
        one.awaitStatuses("one=alive ours=alive", SOON);
        assertThat(cli.run("join", "127.255.255.1")).contains("Error joining").contains("127.255.255.1");

        assertThat(cli.run("members")).contains("one").contains("alive").contains("role=vmha");
        assertThat(cli.run("members", "-detailed", "-name", "ou.*"))
                .contains("ours")
                .doesNotContain("one ");
        assertThat(cli.run("members", "-status", "failed", "-format", "json")).contains("\"members\": null");
        assertThat(cli.run("members", "-tag", "role=vm")).doesNotContain("ours");
        assertThat(cli.run("members", "-tag", "role=vm.*")).contains("ours");
        assertThat(cli.run("members", "-name", "(")).contains("Failed to compile regex");

        assertThat(cli.run("tags", "-set", "rack=r7", "-set", "row=3")).contains("Successfully updated agent tags");
        Await.until("serf sees the tags", SOON, () -> one.tags("ours"), tags -> tags.contains("\"rack\":\"r7\""));
        assertThat(cli.run("tags", "-delete", "row")).contains("Successfully updated agent tags");
        Await.until("serf sees one less", SOON, () -> one.tags("ours"), tags -> !tags.contains("row"));
        assertThat(cli.run("tags", "-set", "role=web")).contains("Error").contains("set by the agent itself");
        assertThat(cli.run("tags", "-set", "group=mine")).contains("Error");
        assertThat(one.tags("ours")).contains("\"role\":\"vmha\"");

        assertThat(cli.run("info"))
                .contains("name = ours")
                .contains("members = 2")
                .contains("encrypted = false")
                .contains("rack = r7")
                .contains("coordinate_resets = 0");

        assertThat(cli.run("leave")).contains("Graceful leave complete");
        one.awaitStatuses("one=alive ours=left", SOON);
        Await.until("the owner hears it", SOON, () -> String.valueOf(heard.leftByOperator), "true"::equals);
    }

    @Test
    void eventsQueriesReachabilityAndRoundTrips() {
        startOurs(new byte[0], "");
        SerfProcess one = serf("one", new byte[0]);
        assertThat(cli.run("join", ip(one))).contains("Successfully joined");
        one.awaitStatuses("one=alive ours=alive", SOON);

        assertThat(cli.run("event", "deploy", "v1")).contains("Event 'deploy' dispatched!");
        Await.until("serf hears it", SOON, one::log, text -> text.contains("deploy"));
        assertThat(heard.events()).contains("event deploy v1");
        assertThat(cli.run("event", "big", "x".repeat(600))).contains("Error").contains("512");

        awaitSaid(List.of("Response from 'ours': 0.7"), "query", "-timeout=2s", "load", "now");
        assertThat(cli.run("query", "-timeout=2s", "-node=one", "load")).doesNotContain("from 'ours'");
        awaitSaid(List.of("\"ours\": \"0.7\""), "query", "-timeout=2s", "-tag=role=vmha", "-format=json", "load");
        awaitSaid(
                List.of("Ack from 'one'", "Ack from 'ours'", "Successfully contacted all live nodes"),
                "reachability",
                "-verbose");

        assertThat(cli.run("rtt", "nobody")).contains("Could not find a coordinate for node");
        Await.until("both have answered pings", SOON, () -> cli.run("rtt", "one"), text -> text.contains("ms"));
        assertThat(cli.run("rtt", "ours", "one")).contains("Estimated ours <-> one rtt:");
        Await.until("serf knows our place", SOON, () -> one.run("rtt", "ours"), text -> text.contains("ms"));
    }

    @Test
    void monitorShowsEventsAtOnceAndTheLog() throws Exception {
        startOurs(new byte[0], "");
        SerfProcess one = serf("one", new byte[0]);
        cli.run("join", ip(one));
        one.awaitStatuses("one=alive ours=alive", SOON);

        try (SerfCli.Running monitor = cli.start(directory, "monitor", "-log-level=info")) {
            Await.until("the old line", SOON, monitor::output, text -> text.contains("an old line"));
            log.reader.accept(new LogLine(LogLine.Level.WARN, "a new line"));
            log.reader.accept(new LogLine(LogLine.Level.DEBUG, "not asked for"));
            Await.until("the new line", SOON, monitor::output, text -> text.contains("a new line"));
            one.run("event", "deploy", "v2");
            Await.until("the event", SOON, monitor::output, text -> text.contains("Name: \"deploy\""));
            SerfProcess two = serf("two", new byte[0]);
            cli.run("join", ip(two));
            Await.until("the join", SOON, monitor::output, text -> text.contains("member-join"));

            assertThat(monitor.output()).doesNotContain("chatter").doesNotContain("not asked for");
        }
    }

    @Test
    void failedMemberIsForcedToLeaveAndPruned() {
        startOurs(new byte[0], "");
        SerfProcess one = serf("one", new byte[0]);
        SerfProcess two = serf("two", new byte[0]);
        SerfProcess three = serf("three", new byte[0]);
        cli.run("join", ip(one), ip(two), ip(three));
        one.awaitStatuses("one=alive ours=alive three=alive two=alive", SOON);

        two.kill();
        three.kill();
        one.awaitStatuses("one=alive ours=alive three=failed two=failed", DEATH);
        assertThat(cli.run("force-leave", "two")).isEmpty(); // no news is good news
        assertThat(cli.run("force-leave", "-prune", "three")).isEmpty();

        one.awaitStatuses("one=alive ours=alive two=left", SOON);
        Await.until(
                "we see the same",
                SOON,
                () -> cli.run("members"),
                text -> text.contains("left") && !text.contains("three"));
        assertThat(cli.run("force-leave", "one")).isEmpty(); // in vain, it contradicts
        one.awaitStatuses("one=alive ours=alive two=left", SOON);
    }

    @Test
    void keysAreListedInstalledUsedAndRemoved() {
        startOurs(KEY, "");
        SerfProcess one = serf("one", KEY);
        cli.run("join", ip(one));
        one.awaitStatuses("one=alive ours=alive", SOON);
        String old = Base64.getEncoder().encodeToString(KEY);
        String next = Base64.getEncoder().encodeToString(NEXT_KEY);

        awaitSaid(List.of(old, "[2/2]"), "keys", "-list");
        assertThat(cli.run("keys", "-install", "bm90LWEta2V5"))
                .contains("Error")
                .contains("2/2 nodes reported failure");
        assertThat(cli.run("keys", "-install", "???")).contains("base64");
        awaitSaid(List.of("Successfully installed key!"), "keys", "-install", next);
        awaitSaid(List.of("Successfully changed primary key!"), "keys", "-use", next);
        assertThat(cli.run("keys", "-remove", next)).contains("Error");
        awaitSaid(List.of("Successfully removed key!"), "keys", "-remove", old);
        assertThat(cli.run("keys", "-list")).contains(next).doesNotContain(old);
        assertThat(cli.run("info")).contains("encrypted = true");
        one.awaitStatuses("one=alive ours=alive", SOON);
    }

    @Test
    void clientWithoutTheKeyIsTurnedAway() {
        startOurs(new byte[0], AUTH);

        assertThat(cli.run("members")).contains("ours");
        assertThat(new SerfCli(ours.rpcAddress().orElseThrow(), "").run("members"))
                .contains("Authentication required");
        assertThat(new SerfCli(ours.rpcAddress().orElseThrow(), "wrong").run("members"))
                .contains("Invalid authentication token");
    }
}

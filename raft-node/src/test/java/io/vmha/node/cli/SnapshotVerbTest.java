package io.vmha.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.InvalidProtocolBufferException;
import io.vmha.node.documents.RecordedRequests;
import io.vmha.node.documents.Samples;
import io.vmha.node.group.GroupMachine;
import io.vmha.node.group.KvMachine;
import io.vmha.node.group.StateCodec;
import io.vmha.node.kv.KvCommand;
import io.vmha.node.kv.KvSession;
import io.vmha.node.kv.Value;
import io.vmha.node.raft.LogPosition;
import io.vmha.node.raft.PeerId;
import io.vmha.node.raft.Replicated.Standing;
import io.vmha.node.raft.VoterSet;
import io.vmha.node.rpc.AdminServer;
import io.vmha.node.view.Backups;
import io.vmha.node.view.NodeRequests;
import io.vmha.proto.v1.KvEntry;
import io.vmha.proto.v1.PeerReply;
import io.vmha.proto.v1.PeerRequest;
import io.vmha.proto.v1.SnapshotPart;
import io.vmha.proto.v1.SnapshotPartOf;
import io.vmha.recovery.core.AzCommand;
import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.IncidentCommand;
import io.vmha.recovery.core.Limits;
import io.vmha.recovery.core.Proofs;
import io.vmha.recovery.core.Witness;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Backups through a real gRPC server from a voter's real state machine: what is written, and every file that is none. */
class SnapshotVerbTest implements Backups {
    private static final String VOTER = "hv-1@0000000000000001";

    private final StateCodec codec = new StateCodec();
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final List<KvEntry> restored = new ArrayList<>();
    private final List<Integer> batches = new ArrayList<>();
    private Optional<NodeRequests.Answer> restoreRefusal = Optional.empty();
    private int interruptions;
    private long index;
    private GroupMachine machine;
    private AdminServer server;

    @TempDir
    private Path dir;

    @BeforeEach
    void aGroupWithKeysAndAnIncident() throws IOException {
        machine = new GroupMachine(codec, new KvMachine(() -> 0, touched -> {}), () -> 0, state -> {});
        machine.reset();
        List<HostName> hosts = List.of(new HostName("hv-1"), new HostName("hv-2"), new HostName("hv-3"));
        apply(new AzCommand.EnableAz(
                1, new AzSettings("az1", 1, "g", true, true, true, Limits.DEFAULT, Proofs.BMC), hosts));
        var witnesses = new TreeMap<HostName, List<Witness>>();
        witnesses.put(hosts.get(1), List.of(new Witness("leader", "silent")));
        apply(new IncidentCommand.DeclareIncident(2, 4, witnesses));
        put("small", new byte[] {1});
        apply(new KvCommand.CreateSession(new KvSession("s-1", "n", "hv-1", 0, 0, false, List.of(), 0, 0)));
        apply(new KvCommand.Acquire("lock", Value.EMPTY, 0, "s-1"));
        server = new AdminServer(
                InetAddress.getLoopbackAddress(), 0, Samples::quiet, new RecordedRequests(), this, Optional.empty());
        server.start();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private void apply(Command command) {
        machine.apply(new LogPosition(4, ++index), codec.encode(command));
    }

    private void apply(KvCommand command) {
        machine.apply(new LogPosition(4, ++index), codec.encode(new KvCommand.Request("r" + index, command)));
    }

    private void put(String key, byte[] value) {
        apply(new KvCommand.Put(key, Value.of(value), 7, OptionalLong.empty()));
    }

    /** The log goes on between two parts. */
    @Override
    public CompletableFuture<Taken> part(String voter, SnapshotPartOf part) {
        if (!voter.isEmpty() && interruptions-- > 0) {
            ask(SnapshotPartOf.getDefaultInstance()); // another backup
        }
        SnapshotPart given = ask(part);
        put("meanwhile", new byte[] {(byte) index});
        return CompletableFuture.completedFuture(
                given.getRefusal().isEmpty()
                        ? new Taken(200, "", "0b8c7a52-0000-0000-0000-000000000001", VOTER, given)
                        : Taken.refused(409, VOTER + ": " + given.getRefusal()));
    }

    private SnapshotPart ask(SnapshotPartOf part) {
        try {
            return PeerReply.parseFrom(machine.peerQuery(
                            PeerRequest.newBuilder().setSnapshot(part).build().toByteArray(),
                            new Standing(new PeerId(VOTER), new LogPosition(4, index), VoterSet.NONE)))
                    .getSnapshot();
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public CompletableFuture<NodeRequests.Answer> restore(String az, List<KvEntry> entries) {
        if (restoreRefusal.isEmpty()) {
            restored.addAll(entries);
            batches.add(entries.size());
        }
        return CompletableFuture.completedFuture(restoreRefusal.orElseGet(() -> new NodeRequests.Answer(200, az)));
    }

    private int vmha(String... args) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        var all = new ArrayList<>(List.of(args));
        all.add("--address");
        all.add("127.0.0.1:" + server.port());
        return VmhaCommand.run(new PrintWriter(out, true), new PrintWriter(err, true), all.toArray(new String[0]));
    }

    private Path saved() {
        Path file = dir.resolve("backup");
        assertThat(vmha("snapshot", "save", file.toString())).as(err.toString()).isZero();
        return file;
    }

    private JsonNode inspected(Path file) throws IOException {
        assertThat(vmha("snapshot", "inspect", file.toString(), "--json"))
                .as(err.toString())
                .isZero();
        return new ObjectMapper().readTree(out.toString());
    }

    @Test
    void whatIsSavedIsTheStateAtOneIndexAndSaysSo() throws IOException {
        long before = index;
        Path file = saved();

        assertThat(out.toString())
                .startsWith("saved to " + file)
                .contains("az          az1")
                .contains("index       " + before + ", term 4")
                .contains("2 with ", "1 of them locked by 1 sessions")
                .contains("3, 2 of them in service", "hv-2 in recovery, epoch 1")
                .contains("open when it was taken: 1");
        assertThat(Files.getPosixFilePermissions(file)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
        JsonNode json = inspected(file);
        assertThat(json.path("index").asLong()).isEqualTo(before);
        assertThat(json.path("group").asText()).isEqualTo("0b8c7a52-0000-0000-0000-000000000001");
        assertThat(json.path("format").asInt()).isEqualTo(1);
        assertThat(json.path("sha256").asText()).matches("[0-9a-f]{64}");
        assertThat(json.path("keys").asInt()).isEqualTo(2);
        assertThat(json.at("/hosts_away/0/host").asText()).isEqualTo("hv-2");
        assertThat(json.at("/open_incidents/0").asText()).isEqualTo("1");
    }

    @Test
    void aGroupWithoutKeysIsSavedToo() throws IOException {
        machine.reset();
        apply(new AzCommand.EnableAz(
                1,
                new AzSettings("az1", 1, "g", true, true, true, Limits.DEFAULT, Proofs.BMC),
                List.of(new HostName("hv-1"))));

        JsonNode json = inspected(saved());

        assertThat(json.path("keys").asInt()).isZero();
        assertThat(json.path("hosts").asInt()).isEqualTo(1);
    }

    @Test
    void aFileThatIsThereIsNotOverwritten() throws IOException {
        Path file = Files.writeString(dir.resolve("precious"), "precious", StandardCharsets.UTF_8);

        assertThat(vmha("snapshot", "save", file.toString())).isEqualTo(1);

        assertThat(err.toString()).contains("exists already and is not overwritten");
        assertThat(file).hasContent("precious");
        assertThat(vmha("snapshot", "save", dir.resolve("no/such/dir").toString()))
                .isEqualTo(1);
        assertThat(err.toString()).contains("there is no directory");
    }

    @Test
    void aLargeStateIsFetchedInPartsWhileTheLogGoesOn() throws IOException {
        for (int i = 0; i < 12; i++) {
            var value = new byte[200 * 1024];
            Arrays.fill(value, (byte) i);
            put("large/" + i, value);
        }
        long before = index;

        JsonNode json = inspected(saved());

        assertThat(json.path("index").asLong()).isEqualTo(before);
        assertThat(json.path("keys").asInt()).isEqualTo(14);
        assertThat(json.path("bytes").asLong()).isGreaterThan(12 * 200 * 1024);
    }

    @Test
    void anotherBackupMeanwhileMakesItBeginAgainButNotForEver() {
        put("large/1", new byte[200 * 1024]);
        put("large/2", new byte[200 * 1024]);
        put("large/3", new byte[200 * 1024]);
        interruptions = 2;
        assertThat(vmha("snapshot", "save", dir.resolve("first").toString()))
                .as(err.toString())
                .isZero();

        interruptions = 100;
        assertThat(vmha("snapshot", "save", dir.resolve("second").toString())).isEqualTo(3);
        assertThat(err.toString()).contains("no whole snapshot in 3 tries", "begin again");
        assertThat(dir.resolve("second")).doesNotExist();
    }

    @Test
    void everythingElseIsRefusedWithAReason() throws IOException {
        byte[] good = Files.readAllBytes(saved());
        assertRefused("there is no file", Path.of("no-such-file"));
        assertRefused("cannot be read", dir);
        assertRefused("nothing: it is empty", file(new byte[0]));
        assertRefused("'hello", file("hello, world".getBytes(StandardCharsets.UTF_8)));
        assertRefused("Consul's snapshots", file(new byte[] {0x1f, (byte) 0x8b, 8, 0, 0, 0}));
        assertRefused(
                "has format 2 and this vmha reads 1", file("vmha-snapshot 2\n{}\n".getBytes(StandardCharsets.UTF_8)));
        assertRefused("cut off in its second line", file("vmha-snapshot 1\n{\"az\"".getBytes(StandardCharsets.UTF_8)));
        assertRefused(
                "second line is not what it should be",
                file("vmha-snapshot 1\n{\"bytes\":-1}\n".getBytes(StandardCharsets.UTF_8)));
        assertRefused("something was added", file(Arrays.copyOf(good, good.length + 1)));
        for (int length = 1; length < good.length; length += 97) {
            assertRefused("is no usable snapshot", file(Arrays.copyOf(good, length)));
        }
        for (int at = 0; at < good.length; at += 53) {
            byte[] damaged = good.clone();
            damaged[at] ^= 0x20;
            assertRefused("", file(damaged));
        }
    }

    private Path file(byte[] content) throws IOException {
        return Files.write(dir.resolve("other"), content);
    }

    private void assertRefused(String why, Path file) {
        for (String verb : List.of("inspect", "restore")) {
            assertThat(vmha("snapshot", verb, file.toString())).as(why).isEqualTo(1);
            assertThat(err.toString()).as(why).contains(why).hasLineCount(1);
        }
        assertThat(restored).isEmpty();
    }

    @Test
    void aRestorePutsBackKeysAndFlagsAndNothingElse() {
        for (int i = 0; i < 100; i++) {
            put("k/" + i, new byte[10_000]);
        }
        long before = index;
        Path file = saved();

        assertThat(vmha("snapshot", "restore", file.toString()))
                .as(err.toString())
                .isZero();

        assertThat(out.toString()).isEqualTo("102 keys restored from index " + before + "\n");
        assertThat(restored).hasSize(102).allMatch(e -> e.getKey().equals("lock") || e.getFlags() == 7);
        assertThat(batches.get(0)).as("first it asks whether it may").isZero();
        assertThat(batches).allMatch(size -> size <= 24);
    }

    @Test
    void aRestoreThatIsRefusedDoesNothing() {
        Path file = saved();
        restoreRefusal = Optional.of(new NodeRequests.Answer(409, "a restore needs a store without keys"));

        assertThat(vmha("snapshot", "restore", file.toString())).isEqualTo(1);

        assertThat(err.toString()).isEqualTo("a restore needs a store without keys\n");
        assertThat(restored).isEmpty();
    }

    @Test
    void theVerbSaysWhatItTakes() {
        assertThat(vmha("snapshot")).isEqualTo(2);
        assertThat(vmha("snapshot", "restore", "--help")).isZero();
        assertThat(out.toString()).contains("docs/keys.md", "Sessions, locks");
    }

    @Test
    void aBackupGetsItsNameWhenItIsWhole() throws IOException, InterruptedException {
        Path file = dir.resolve("backup");
        try (WatchService watch = dir.getFileSystem().newWatchService()) {
            dir.register(watch, StandardWatchEventKinds.ENTRY_CREATE, StandardWatchEventKinds.ENTRY_MODIFY);

            assertThat(vmha("snapshot", "save", file.toString())).as("%s", err).isZero();

            var events = new ArrayList<WatchEvent<?>>();
            while (events.stream().noneMatch(e -> e.context().equals(file.getFileName()))) {
                WatchKey key = watch.poll(30, TimeUnit.SECONDS); // the kernel's news come on a thread of the JDK's
                assertThat(key)
                        .as("what happened in the directory, so far %s", events)
                        .isNotNull();
                events.addAll(key.pollEvents());
                key.reset();
            }
            assertThat(events)
                    .filteredOn(e -> e.context().equals(file.getFileName()))
                    .as("nothing is written under the name itself")
                    .noneMatch(e -> e.kind().equals(StandardWatchEventKinds.ENTRY_MODIFY));
            assertThat(events.get(0).context().toString()).endsWith(".part");
        }
        try (var left = Files.list(dir)) {
            assertThat(left).containsExactly(file);
        }
    }
}

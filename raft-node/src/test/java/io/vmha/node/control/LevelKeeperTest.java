package io.vmha.node.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vmha.node.group.GroupMachine;
import io.vmha.node.group.KvMachine;
import io.vmha.node.group.StateCodec;
import io.vmha.node.raft.GroupId;
import io.vmha.node.raft.PeerInfo;
import io.vmha.node.raft.RaftConfig;
import io.vmha.node.raft.RaftListener;
import io.vmha.node.raft.RaftNode;
import io.vmha.node.raft.RaftNodeException;
import io.vmha.node.raft.VoterChange;
import io.vmha.node.raft.VoterSet;
import io.vmha.proto.v1.LogReply;
import io.vmha.proto.v1.PeerRequest;
import io.vmha.proto.v1.Renew;
import io.vmha.recovery.core.AzCommand;
import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.IncidentId;
import io.vmha.recovery.core.Limits;
import io.vmha.recovery.core.Proofs;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.ReturnCommand.ReturnAgain;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three real Raft nodes, one of which runs an older build. */
class LevelKeeperTest {
    private static final int SNAPSHOT_ENTRIES = 20;
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Duration ASK_LIMIT = Duration.ofSeconds(2);
    private static final HostName OLD = new HostName("hv-2");
    private static final Command NEW = new ReturnAgain(14, 0, OLD, 2, new IncidentId(1), "holds it down");

    @TempDir
    private Path directory;

    private final Map<String, Voter> voters = new TreeMap<>();

    /** A node whose build understands levels up to a given one, with what it has applied and heard. */
    private static final class Voter implements RaftListener, AutoCloseable {
        private final RaftConfig config;
        private final StateCodec codec;
        private final RaftNode node;
        private final LevelKeeper keeper;
        private volatile RecoveryState state = RecoveryState.empty();
        private volatile OptionalLong leads = OptionalLong.empty();
        private volatile String closed = "";

        Voter(RaftConfig config, int level) {
            this.config = config;
            this.codec = new StateCodec(level);
            var machine = new GroupMachine(
                    codec, new KvMachine(() -> 0, touched -> {}), () -> System.nanoTime() / 1_000_000, s -> state = s);
            this.node = RaftNode.start(config, machine, this);
            this.keeper = new LevelKeeper(node, codec.newest());
        }

        CompletableFuture<LogReply> commit(Command command) {
            return node.propose(codec.encode(command)).thenApply(bytes -> {
                try {
                    return LogReply.parseFrom(bytes);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }

        void renewWith(PeerInfo voter) {
            byte[] renewal = PeerRequest.newBuilder()
                    .setRenew(Renew.newBuilder()
                            .setHost(node.self().id().nodeName())
                            .setLevel(codec.newest()))
                    .build()
                    .toByteArray();
            var unused = node.ask(voter, renewal, ASK_LIMIT)
                    .handle((reply, failure) -> reply)
                    .join();
        }

        @Override
        public void onLeadership(long term, boolean leader) {
            leads = leader ? OptionalLong.of(term) : OptionalLong.empty();
        }

        @Override
        public void onLeaderChanged(Optional<PeerInfo> leader, long term) {}

        @Override
        public void onConfiguration(VoterSet set) {}

        @Override
        public void onClosed(Closure reason, String explanation) {
            closed = explanation;
        }

        @Override
        public void close() {
            node.close();
        }
    }

    @AfterEach
    void stop() {
        voters.values().forEach(Voter::close);
    }

    private RaftConfig config(String name) {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        byte[] ip = {127, (byte) random.nextInt(1, 255), (byte) random.nextInt(1, 255), (byte) random.nextInt(1, 255)};
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getByAddress(ip))) {
            var address = new InetSocketAddress(probe.getInetAddress(), probe.getLocalPort());
            return RaftConfig.of(directory.resolve(name), name, address)
                    .withElectionTimeout(Duration.ofMillis(500))
                    .withSnapshotEntries(SNAPSHOT_ENTRIES);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void await(String what, BooleanSupplier condition) {
        long until = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime())
                    .as("waited in vain until %s; %s", what, closings())
                    .isLessThan(until);
            LockSupport.parkNanos(20_000_000);
        }
    }

    private List<String> closings() {
        return voters.values().stream()
                .map(v -> v.node.status() + " " + v.state.group().level() + " " + v.closed)
                .toList();
    }

    private Voter leader() {
        await("somebody leads", () -> voters.values().stream().anyMatch(v -> v.leads.isPresent()));
        return voters.values().stream()
                .filter(v -> v.leads.isPresent())
                .findFirst()
                .orElseThrow();
    }

    /** What happens every second: everybody renews with all voters, and the leader looks whether the level can be raised. */
    private void aSecondPasses() {
        Collection<Voter> all = voters.values();
        all.forEach(from -> all.forEach(to -> from.renewWith(to.node.self())));
        Voter leader = leader();
        leader.keeper.look(leader.leads, leader.state, leader::commit);
    }

    private void found() {
        for (String name : List.of("hv-1", "hv-2", "hv-3")) {
            voters.put(name, new Voter(config(name), name.equals(OLD.value()) ? 1 : 2));
        }
        voters.get("hv-1").node.bootstrap(GroupId.random());
        List<PeerInfo> wanted = voters.values().stream().map(v -> v.node.self()).toList();
        await("three vote", () -> {
            try {
                return leader().node.changeVoters(wanted).join() == VoterChange.NOTHING;
            } catch (CompletionException e) {
                return false;
            }
        });
        var settings = new AzSettings("az1", 1, "g", true, true, true, Limits.DEFAULT, Proofs.BMC);
        commit(new AzCommand.EnableAz(
                1, settings, voters.keySet().stream().map(HostName::new).toList()));
    }

    private void commit(Command command) {
        await("committed " + command, () -> {
            try {
                return leader().commit(command).join().getRefusal().isEmpty();
            } catch (CompletionException e) {
                return false;
            }
        });
    }

    private void restart(int level) {
        Voter before = voters.remove(OLD.value());
        before.close();
        voters.put(OLD.value(), new Voter(before.config, level));
    }

    @Test
    void nothingNewIsWrittenUntilTheLastVoterUnderstandsItAndNoOlderBuildIsLetInAfterwards() {
        found();

        for (int second = 0; second < 5; second++) {
            aSecondPasses();
        }
        assertThat(leader().state.group().level()).isEqualTo(1);
        assertThatThrownBy(() -> leader().commit(NEW).join()).hasMessageContaining("needs feature level 2");
        commit(new AzCommand.SetMaintenance(2, OLD, true));
        await(
                "the old build follows",
                () -> voters.get(OLD.value()).state.hosts().get(OLD) != null
                        && voters.get(OLD.value()).state.hosts().get(OLD).maintenance());
        assertThat(voters.values()).allMatch(v -> v.closed.isEmpty());

        PeerInfo itself = voters.get(OLD.value()).node.self();
        restart(2);
        await("the level is raised everywhere", () -> {
            aSecondPasses();
            return voters.values().stream().allMatch(v -> v.state.group().level() == 2);
        });
        assertThat(leader().commit(NEW).join().getRefusal()).contains("not in service");

        for (int i = 0; i < 2 * SNAPSHOT_ENTRIES; i++) {
            commit(new AzCommand.SetMaintenance(i, OLD, i % 2 == 0));
        }
        await(
                "it has a snapshot",
                () -> voters.get(OLD.value()).node.status().snapshot().isPresent());
        RaftConfig config = voters.get(OLD.value()).config;
        voters.remove(OLD.value()).close();
        assertThatThrownBy(() -> new Voter(config, 1).close())
                .isInstanceOf(RaftNodeException.class)
                .hasMessageContainingAll("at feature level 2", "understands levels up to 1", "install")
                .hasMessageNotContaining("mend the disk");

        voters.put(OLD.value(), new Voter(config, 2));
        assertThat(voters.get(OLD.value()).node.self())
                .as("it has lost nothing")
                .isEqualTo(itself);
        commit(new AzCommand.SetMaintenance(99, OLD, true));
        await("it follows again", () -> voters.get(OLD.value()).state.equals(leader().state));
    }
}

package io.vmha.node.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.vmha.node.raft.LogPosition;
import io.vmha.node.raft.TooNewException;
import io.vmha.proto.v1.LogEntry;
import io.vmha.recovery.core.AzCommand;
import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.Electorate;
import io.vmha.recovery.core.Entry;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.IncidentId;
import io.vmha.recovery.core.LevelCommand.RaiseLevel;
import io.vmha.recovery.core.Limits;
import io.vmha.recovery.core.Proofs;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.ReturnCommand.ReturnAgain;
import io.vmha.recovery.core.ServerId;
import io.vmha.recovery.core.VmCommand.AttemptFailed;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class FeatureLevelTest {
    private static final HostName HOST = new HostName("hv-2");
    private static final IncidentId ONE = new IncidentId(1);
    private static final ServerId VM = new ServerId("7d2c1a90-0000-4000-8000-000000000001");
    private static final String STATE = "state ";
    private static final Command NEW = new ReturnAgain(14, 5, HOST, 2, ONE, "holds it down");

    private static final Command RAISE = new RaiseLevel(1, 5, 2, 0);

    private final StateCodec codec = new StateCodec();
    private final StateCodec older = new StateCodec(1);

    private static List<String> golden() throws IOException {
        try (InputStream in = FeatureLevelTest.class.getResourceAsStream("/levels/level-1.log")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        }
    }

    private static byte[] entry(String command) {
        return LogEntry.newBuilder()
                .setFormat(1)
                .setCommand(ByteString.copyFromUtf8(command))
                .build()
                .toByteArray();
    }

    private static String json(byte[] entry) {
        try {
            return LogEntry.parseFrom(entry).getCommand().toStringUtf8();
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }

    private static AttemptFailed failed(boolean queued) {
        return new AttemptFailed(11, 5, ONE, HOST, VM, 17, 8, true, queued, "no valid host");
    }

    private static RecoveryState enabledAt(int level) {
        var settings = new AzSettings("az1", 1, "g", true, true, true, Limits.DEFAULT, Proofs.BMC);
        List<HostName> hosts = List.of(new HostName("hv-1"), HOST, new HostName("hv-3"));
        return RecoveryState.emptyAt(level)
                .apply(new Entry(5, 1), new AzCommand.EnableAz(1, settings, hosts))
                .state();
    }

    private GroupMachine machine(StateCodec its, int groupLevel) {
        var machine = new GroupMachine(its, new KvMachine(() -> 0, touched -> {}), () -> 0, state -> {});
        machine.restore(new LogPosition(5, 1), codec.encode(enabledAt(groupLevel)));
        return machine;
    }

    /** Recorded with the build before there were levels: its log through an incident, and its states on the way. */
    @Test
    void atTheFirstLevelLogAndSnapshotAreByteForByteThoseOfTheBuildBeforeThereWereLevels() throws IOException {
        var voters = new TreeSet<>(List.of("hv-1@0000000000000001", "hv-3@0000000000000003"));
        RecoveryState state =
                RecoveryState.empty().configured(new Entry(5, 1), new Electorate(voters, new TreeSet<>(), 1));
        long index = 2;
        int states = 0;

        for (String line : golden()) {
            if (line.startsWith(STATE)) {
                assertThat(new String(codec.encode(state), StandardCharsets.UTF_8))
                        .as("state at %s", state.applied())
                        .isEqualTo(line.substring(STATE.length()));
                states++;
            } else {
                Command command = codec.decode(entry(line));
                assertThat(json(codec.encode(command))).isEqualTo(line);
                state = state.apply(new Entry(5, index++), command).state();
            }
        }

        assertThat(states).isEqualTo(3);
        assertThat(state.incidents().get(ONE).hosts().get(HOST).vms()).containsKey(VM);
    }

    @Test
    void whatCameLaterIsWrittenOnlyWhereItSaysSomething() {
        assertThat(failed(false).level()).isEqualTo(1);
        assertThat(failed(true).level()).isEqualTo(2);
        assertThat(json(codec.encode(failed(false)))).doesNotContain("queued");
        assertThat(json(codec.encode(failed(true)))).contains("\"queued\":true");
        assertThat(codec.decode(codec.encode(failed(true)))).isEqualTo(failed(true));
        assertThat(codec.decodeState(codec.encode(enabledAt(2)))).isEqualTo(enabledAt(2));
    }

    @Test
    void theLevelOnlyGrowsAndOnlyForTheVotersThatWereAsked() {
        RecoveryState state = enabledAt(1);

        assertThat(state.apply(new Entry(5, 2), new RaiseLevel(1, 5, 2, 77)).refusal())
                .hasValueSatisfying(why -> assertThat(why).contains("others vote"));
        RecoveryState raised =
                state.apply(new Entry(5, 2), new RaiseLevel(1, 5, 2, 0)).state();
        assertThat(raised.group().level()).isEqualTo(2);
        for (int to = 0; to <= 2; to++) {
            var again = raised.apply(new Entry(5, 3), new RaiseLevel(1, 5, to, 0));
            assertThat(again.refusal()).isPresent();
            assertThat(again.state().group().level()).isEqualTo(2);
        }
    }

    @Test
    void aCommandAboveTheGroupsLevelIsRefusedOnEveryNodeAndKeptOutOfTheLogByTheLeader() {
        for (Command command : List.of(NEW, failed(true))) {
            assertThat(enabledAt(1).apply(new Entry(5, 2), command).refusal())
                    .hasValueSatisfying(why -> assertThat(why).contains("needs feature level 2", "is at 1"));
        }
        assertThat(machine(codec, 1).objection(codec.encode(NEW)))
                .hasValueSatisfying(why -> assertThat(why).contains("needs feature level 2"));
        assertThat(machine(codec, 2).objection(codec.encode(NEW))).isEmpty();
    }

    /** One that knows of no levels would stop at it, for nothing. */
    @Test
    void aRaiseThatWouldBeRefusedDoesNotGetIntoTheLog() {
        GroupMachine leader = machine(codec, 1);

        assertThat(leader.objection(codec.encode(RAISE))).isEmpty();
        assertThat(leader.objection(codec.encode(new RaiseLevel(1, 5, 2, 77))))
                .hasValueSatisfying(why -> assertThat(why).contains("others vote"));
        assertThat(leader.objection(codec.encode(new RaiseLevel(1, 4, 2, 0))))
                .as("of a leadership that has ended")
                .hasValueSatisfying(why -> assertThat(why).contains("decided in term 4"));
        assertThat(machine(codec, 2).objection(codec.encode(RAISE)))
                .hasValueSatisfying(why -> assertThat(why).contains("already"));
    }

    @Test
    void aRaiseThatWasRefusedStopsNobody() {
        GroupMachine behind = machine(older, 1);

        behind.apply(new LogPosition(5, 2), codec.encode(new RaiseLevel(1, 5, 2, 77)));

        assertThat(older.decodeSnapshot(behind.snapshot()).recovery().group().level())
                .isEqualTo(1);
    }

    @Test
    void aBuildBelowTheGroupsLevelRefusesLogAndSnapshotAndSaysWhatToDo() {
        byte[] snapshot = codec.encode(enabledAt(2));
        byte[] unknown = new String(snapshot, StandardCharsets.UTF_8)
                .replaceFirst("\\{", "{\"ofTheFuture\":[1],")
                .getBytes(StandardCharsets.UTF_8);

        for (var reading : List.<Runnable>of(
                () -> machine(older, 1).apply(new LogPosition(5, 2), codec.encode(RAISE)),
                () -> older.decode(codec.encode(NEW)),
                () -> older.decodeSnapshot(snapshot),
                () -> older.decodeState(unknown))) {
            assertThatThrownBy(reading::run)
                    .isInstanceOf(TooNewException.class)
                    .hasMessageContainingAll("at feature level 2", "understands levels up to 1", "install");
        }
        assertThat(older.decodeSnapshot(codec.encode(enabledAt(1))).recovery()).isEqualTo(enabledAt(1));
    }
}

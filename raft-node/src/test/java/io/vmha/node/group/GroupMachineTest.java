package io.vmha.node.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.vmha.node.kv.KvCommand;
import io.vmha.node.kv.Value;
import io.vmha.node.raft.LogPosition;
import io.vmha.node.raft.PeerId;
import io.vmha.node.raft.PeerInfo;
import io.vmha.node.raft.PromiseFile;
import io.vmha.node.raft.Replicated.Standing;
import io.vmha.node.raft.VoterSet;
import io.vmha.proto.v1.AgesOf;
import io.vmha.proto.v1.DoubleRun;
import io.vmha.proto.v1.GroupSnapshot;
import io.vmha.proto.v1.KvAnswer;
import io.vmha.proto.v1.KvOutcome;
import io.vmha.proto.v1.KvQuestion;
import io.vmha.proto.v1.LogEntry;
import io.vmha.proto.v1.LogReply;
import io.vmha.proto.v1.PeerReply;
import io.vmha.proto.v1.PeerRequest;
import io.vmha.proto.v1.Renew;
import io.vmha.proto.v1.Running;
import io.vmha.proto.v1.StateAfter;
import io.vmha.proto.v1.Statement;
import io.vmha.proto.v1.StatementOf;
import io.vmha.recovery.core.AzCommand;
import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.BmcStatement;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.IncidentCommand;
import io.vmha.recovery.core.IncidentId;
import io.vmha.recovery.core.Limits;
import io.vmha.recovery.core.PowerState;
import io.vmha.recovery.core.Proofs;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.Witness;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GroupMachineTest {
    private static final long TERM = 4;
    private static final HostName DEAD = new HostName("hv-2");
    private static final IncidentId ONE = new IncidentId(1);
    private static final PeerInfo SELF = PeerInfo.parse("hv-1@0000000000000001", "127.0.0.1:8300");
    private static final PeerInfo OTHER = PeerInfo.parse("hv-3@0000000000000003", "127.0.0.3:8300");

    private final StateCodec codec = new StateCodec();
    private RecoveryState published = RecoveryState.empty();
    private long nowMs = 10_000;
    private long index;
    private GroupMachine machine;

    @BeforeEach
    void aVoterOfThreeHosts() {
        machine = new GroupMachine(
                codec, new KvMachine(() -> nowMs, touched -> {}), () -> nowMs, state -> published = state);
        machine.reset();
        apply(new AzCommand.EnableAz(
                1,
                new AzSettings("az1", 1, "g", true, true, true, Limits.DEFAULT, Proofs.BMC),
                List.of(new HostName("hv-1"), DEAD, new HostName("hv-3"))));
    }

    private String apply(Command command) {
        try {
            return LogReply.parseFrom(machine.apply(new LogPosition(TERM, ++index), codec.encode(command)))
                    .getRefusal();
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void entryThatCouldNotBeAppliedIsObjectedTo() {
        String[] hostile = {
            "",
            "{}",
            "null",
            "{\"@type\":\"NoSuchCommand\"}",
            "{\"@type\":\"SetMaintenance\",\"atMs\":1}",
            "{\"@type\":\"SetHosts\"}"
        };
        for (String command : hostile) {
            byte[] entry = LogEntry.newBuilder()
                    .setFormat(1)
                    .setCommand(ByteString.copyFromUtf8(command))
                    .build()
                    .toByteArray();

            assertThat(machine.objection(entry)).as(command).isPresent();
        }
        assertThat(machine.objection("garbage".getBytes(StandardCharsets.UTF_8)))
                .isPresent();
        assertThat(machine.objection(new byte[0])).isPresent();
        assertThat(machine.objection(codec.encode(new AzCommand.SetMaintenance(1, DEAD, true))))
                .isEmpty();
    }

    @Test
    void theStateIsSentOnlyToWhoDoesNotHaveIt() {
        apply(new AzCommand.SetMaintenance(1, DEAD, true));

        assertThat(machine.query(GroupMachine.stateAfter(index))).isEmpty();
        assertThat(codec.decodeState(machine.query(GroupMachine.stateAfter(index - 1))))
                .isEqualTo(published);
        assertThat(codec.decodeState(machine.query(GroupMachine.stateAfter(0)))).isEqualTo(published);
    }

    private PeerReply ask(PeerRequest request) {
        return ask(request, VoterSet.NONE);
    }

    private PeerReply ask(PeerRequest request, VoterSet voters) {
        try {
            return PeerReply.parseFrom(machine.peerQuery(
                    request.toByteArray(),
                    new Standing(new PeerId("hv-1@0000000000000001"), new LogPosition(TERM, index), voters)));
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }

    private PeerReply renew(long epoch) {
        return ask(renewal(epoch));
    }

    private static PeerRequest renewal(long epoch) {
        return PeerRequest.newBuilder()
                .setRenew(Renew.newBuilder().setHost(DEAD.value()).setEpoch(epoch))
                .build();
    }

    private PeerReply renewWithGuest(HostName host, String guest) {
        return ask(PeerRequest.newBuilder()
                .setRenew(Renew.newBuilder()
                        .setHost(host.value())
                        .setEpoch(1)
                        .setRunning(Running.newBuilder().setHost("hv-1").addGuests(guest)))
                .build());
    }

    @Test
    void guestsThatComeWithARenewalAreItsHostsWhateverHostTheyName() {
        String guest = "8d7c1b5e-0000-4000-8000-000000000001";
        var running = PeerRequest.newBuilder()
                .setRunning(Running.getDefaultInstance())
                .build();

        assertThat(renew(1).getRunningNoted()).as("none came").isFalse();
        for (int second = 0; second <= 4; second++) {
            assertThat(renewWithGuest(DEAD, guest).getRunningNoted()).isTrue();
            renewWithGuest(new HostName("hv-3"), guest);
            nowMs += 1_000;
        }

        assertThat(ask(running).getDoubleRunsList())
                .containsExactly(DoubleRun.newBuilder()
                        .setGuest(guest)
                        .addAllHosts(List.of(DEAD.value(), "hv-3"))
                        .build());
    }

    private long age() {
        return ask(PeerRequest.newBuilder()
                        .setAges(AgesOf.newBuilder().addHosts(DEAD.value()))
                        .build())
                .getAgeMsMap()
                .get(DEAD.value());
    }

    private void certify() {
        var off = new BmcStatement(DEAD, PowerState.OFF, true, "off", 1);
        var words = new TreeMap<HostName, List<Witness>>();
        words.put(DEAD, List.of());
        assertThat(apply(new IncidentCommand.DeclareIncident(2, TERM, words))).isEmpty();
        assertThat(apply(new IncidentCommand.BeginFence(3, TERM, ONE, DEAD))).isEmpty();
        assertThat(apply(new IncidentCommand.Certify(4, TERM, ONE, DEAD, 1, off)))
                .isEmpty();
    }

    @Test
    void theAgeOfEveryHostOfALargeAzIsTold() {
        var question = AgesOf.newBuilder();
        for (int number = 1; number <= 1_001; number++) {
            question.addHosts("hv-" + number);
        }

        PeerReply reply = ask(PeerRequest.newBuilder().setAges(question).build());

        assertThat(reply.getAgeMsMap()).hasSize(1_001).containsKey("hv-1001");
    }

    @Test
    void aRenewalMakesTheHostYoung() {
        assertThat(age()).as("it listens since the first question").isZero();
        nowMs += 5_000;

        assertThat(age()).isEqualTo(5_000);
        assertThat(renew(0).getEpoch()).isEqualTo(1);
        assertThat(age()).isZero();
    }

    @Test
    void aCertifiedLifeIsAnsweredNoMore() {
        renew(1);
        certify();
        nowMs += 2_000;

        assertThat(renew(1).getSealed()).isTrue();
        assertThat(renew(0).getSealed())
                .as("nor one that does not say which life it is")
                .isTrue();
        assertThat(age()).as("a refusal is no renewal").isEqualTo(2_000);
    }

    @Test
    void anAnswerCountsOnlyIfItNamesTheLifeAndCarriesTheVoters() {
        machine.configured(new LogPosition(TERM, ++index), new VoterSet(List.of(SELF), List.of(), index));
        var voters = new VoterSet(List.of(SELF), List.of(SELF, OTHER), 17);

        PeerReply named = ask(renewal(1), voters);

        assertThat(named.getAnswered()).isTrue();
        assertThat(named.getProofs()).isEqualTo("bmc");
        assertThat(named.getConfiguration().getVotersList())
                .containsExactly(SELF.id().value());
        assertThat(named.getConfiguration().getOutgoingList())
                .containsExactly(SELF.id().value(), OTHER.id().value());
        assertThat(named.getConfiguration().getIndex()).isEqualTo(17);
        assertThat(renew(0).getAnswered()).isFalse();
        assertThat(renew(2).getAnswered()).isFalse();
    }

    @Test
    void aStatementSaysHowOldUnderWhichVotersAndWhetherTheHostIsSealed() {
        machine.configured(new LogPosition(TERM, ++index), new VoterSet(List.of(SELF, OTHER), List.of(), index));
        long configured = index;
        renew(1);
        nowMs += 4_000;
        certify();

        Statement said = ask(PeerRequest.newBuilder()
                        .setStatement(
                                StatementOf.newBuilder().setHost(DEAD.value()).setEpoch(1))
                        .build())
                .getStatement();

        assertThat(said)
                .isEqualTo(Statement.newBuilder()
                        .setConfiguration(configured)
                        .setAgeMs(4_000)
                        .setSealed(true)
                        .setUnarmed(true)
                        .build());
    }

    @Test
    void aSealIsOnDiskBeforeItIsAppliedAndHoldsForTheNextProcess(@TempDir Path dir) {
        machine.promised(promises(dir));
        apply(new AzCommand.SetMaintenance(1, new HostName("hv-1"), false));
        certify();

        var next = new GroupMachine(codec, new KvMachine(() -> nowMs, touched -> {}), () -> nowMs, state -> {});
        next.promised(promises(dir));
        next.reset();
        machine = next;
        index = 0;
        apply(new AzCommand.EnableAz(
                1,
                new AzSettings("az1", 1, "g", true, true, true, Limits.DEFAULT, Proofs.BMC),
                List.of(new HostName("hv-1"), DEAD, new HostName("hv-3"))));

        assertThat(renew(1).getSealed())
                .as("its log is not replayed up to the seal")
                .isTrue();
        assertThat(renew(1).getAnswered()).isFalse();
    }

    private static PromiseFile promises(Path dir) {
        return PromiseFile.in(dir, SELF.id());
    }

    @Test
    void aHostOfAnotherAzIsNotKnown() {
        var stranger = ask(PeerRequest.newBuilder()
                .setRenew(Renew.newBuilder().setHost("hv-9"))
                .build());

        assertThat(stranger.getKnown()).isFalse();
    }

    @Test
    void aNewSetOfVotersLetsEveryAgeBeginAnewButAnElectionDoesNot() {
        machine.configured(new LogPosition(TERM, ++index), new VoterSet(List.of(SELF), List.of(), index));
        assertThat(age()).isZero();
        nowMs += 7_000;
        machine.configured(new LogPosition(TERM + 1, ++index), new VoterSet(List.of(SELF), List.of(), index));

        assertThat(age()).isEqualTo(7_000);

        machine.configured(new LogPosition(TERM + 1, ++index), new VoterSet(List.of(SELF, OTHER), List.of(), index));

        assertThat(age()).isZero();
    }

    @Test
    void aRefusedCommandIsToldAndChangesNothing() {
        RecoveryState before = published;

        String refusal = apply(new IncidentCommand.CloseIncident(2, TERM, ONE));

        assertThat(refusal).contains("not ready");
        assertThat(published.hosts()).isEqualTo(before.hosts());
        assertThat(published.applied().index()).isEqualTo(index);
    }

    @Test
    void aSnapshotCarriesEverythingToANewcomer() {
        certify();
        RecoveryState state = published;
        byte[] snapshot = machine.snapshot();

        var newcomer =
                new GroupMachine(codec, new KvMachine(() -> nowMs, touched -> {}), () -> nowMs, s -> published = s);
        newcomer.restore(new LogPosition(TERM, index), snapshot);

        assertThat(published).isEqualTo(state);
        assertThat(newcomer.snapshot()).isEqualTo(snapshot);
    }

    private KvOutcome put(String key, String value) throws InvalidProtocolBufferException {
        var put = new KvCommand.Put(key, Value.of(value.getBytes(StandardCharsets.UTF_8)), 0, OptionalLong.empty());
        byte[] entry = codec.encode(new KvCommand.Request("r" + index, put));
        assertThat(machine.objection(entry)).isEmpty();
        return KvOutcome.parseFrom(machine.apply(new LogPosition(TERM, ++index), entry));
    }

    @Test
    void keysAreAppliedBesideTheRecoveryAndDoNotMoveItsState() throws InvalidProtocolBufferException {
        RecoveryState before = published;

        assertThat(put("a", "1").getDone()).isTrue();

        assertThat(published).isSameAs(before);
        var answer = KvAnswer.parseFrom(
                machine.query(KvQuestion.newBuilder().setKey("a").build().toByteArray()));
        assertThat(answer.getEntries(0).getModifyIndex()).isEqualTo(index);
        assertThat(codec.decodeState(machine.query(new byte[0]))).isEqualTo(before);
        assertThat(ask(PeerRequest.newBuilder()
                                .setKv(KvQuestion.newBuilder().setTouchedAfter(0))
                                .build())
                        .getKv()
                        .getTouched(0)
                        .getKeysList())
                .containsExactly("a");
    }

    @Test
    void aSnapshotCarriesTheKeysAndOneWithoutThemIsWhatOlderProgramsWrote() throws InvalidProtocolBufferException {
        byte[] old = machine.snapshot();
        assertThat(old[0]).isEqualTo((byte) '{');
        assertThat(codec.decodeState(old)).isEqualTo(published);
        put("a", "1");
        byte[] snapshot = machine.snapshot();

        var newcomer =
                new GroupMachine(codec, new KvMachine(() -> nowMs, touched -> {}), () -> nowMs, s -> published = s);
        newcomer.restore(new LogPosition(TERM, index), snapshot);
        assertThat(newcomer.snapshot()).isEqualTo(snapshot);

        newcomer.restore(new LogPosition(TERM, index), old);
        assertThat(newcomer.snapshot()).as("nothing of before is left").isEqualTo(old);
    }

    @Test
    void aSnapshotOfANewerProgramIsRefusedWithAdvice() {
        byte[] newer = GroupSnapshot.newBuilder().setFormat(9).build().toByteArray();

        assertThatThrownBy(() -> machine.restore(new LogPosition(TERM, index), newer))
                .hasMessageContaining("upgrade this node");
    }

    @Test
    void aClientGetsTheStateOnlyIfItIsNewer() {
        var old = ask(PeerRequest.newBuilder()
                .setState(StateAfter.newBuilder().setIndex(index - 1))
                .build());
        var same = ask(PeerRequest.newBuilder()
                .setState(StateAfter.newBuilder().setIndex(index))
                .build());

        assertThat(codec.decodeState(old.getState().toByteArray())).isEqualTo(published);
        assertThat(same.getState().isEmpty()).isTrue();
    }

    @Test
    void nonsenseIsRefusedAndHarmless() {
        var standing = new Standing(SELF.id(), new LogPosition(TERM, index), VoterSet.NONE);

        assertThatThrownBy(() -> machine.peerQuery("?".getBytes(StandardCharsets.UTF_8), standing))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> machine.peerQuery(new byte[0], standing)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> renewOf("")).isInstanceOf(IllegalArgumentException.class);
    }

    private PeerReply renewOf(String host) {
        return ask(PeerRequest.newBuilder()
                .setRenew(Renew.newBuilder().setHost(host))
                .build());
    }
}

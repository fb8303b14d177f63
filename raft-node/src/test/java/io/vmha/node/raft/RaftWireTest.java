package io.vmha.node.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.ClientMessageEntryProto;
import org.apache.ratis.proto.RaftProtos.GroupAddRequestProto;
import org.apache.ratis.proto.RaftProtos.GroupManagementRequestProto;
import org.apache.ratis.proto.RaftProtos.GroupRemoveRequestProto;
import org.apache.ratis.proto.RaftProtos.RaftClientRequestProto;
import org.apache.ratis.proto.RaftProtos.RaftGroupIdProto;
import org.apache.ratis.proto.RaftProtos.RaftGroupProto;
import org.apache.ratis.proto.RaftProtos.RaftPeerProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.proto.RaftProtos.SetConfigurationRequestProto;
import org.apache.ratis.proto.RaftProtos.WatchRequestTypeProto;
import org.apache.ratis.proto.RaftProtos.WriteRequestTypeProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.junit.jupiter.api.Test;

/** Frames, names and the gate, without a server. */
final class RaftWireTest {
    private static final PeerId SELF = PeerId.of("hv-01", 7);

    @Test
    void framesSurviveTheirEncoding() {
        PeerInfo peer = PeerInfo.parse(SELF.value(), "127.0.0.9:8300");
        Question.Standing word = new Question.Standing(
                true, 4, Optional.of(peer), new LogPosition(4, 17), new VoterSet(List.of(peer), List.of(), 12));

        Question.Frame frame =
                Question.decode(Question.encode(new Question.Frame(Question.Kind.MACHINE, SELF, new byte[] {1, 2})));

        assertThat(frame.kind()).isEqualTo(Question.Kind.MACHINE);
        assertThat(frame.to()).isEqualTo(SELF);
        assertThat(frame.body()).containsExactly(1, 2);
        assertThat(Question.decodeStanding(Question.encode(word))).isEqualTo(word);
        Hearing hearing = new Hearing(SELF, false, 4, Optional.of(SELF), 1300, true, new LogPosition(4, 17));
        assertThat(Question.decodeHearing(Question.encode(hearing))).isEqualTo(hearing);
    }

    @Test
    void garbageIsRefusedWithoutHarm() {
        Random random = new Random(42);
        byte[] good = Question.encode(new Question.Frame(Question.Kind.MACHINE, SELF, new byte[100]));
        byte[] snapshot = new SnapshotFile(LogPosition.NONE, VoterSet.NONE, new byte[10]).encode();
        for (int i = 0; i < 20_000; i++) {
            byte[] noise = new byte[random.nextInt(200)];
            random.nextBytes(noise);
            byte[] cut = Arrays.copyOf(good, random.nextInt(good.length));
            assertDecodesOrRefuses(() -> Question.decode(noise));
            assertDecodesOrRefuses(() -> Question.decode(cut));
            assertDecodesOrRefuses(() -> Question.decodeStanding(noise));
            assertDecodesOrRefuses(() -> Question.decodeHearing(noise));
            byte[] bent = snapshot.clone();
            bent[random.nextInt(bent.length)] ^= (byte) (1 << random.nextInt(8));
            assertDecodesOrRefuses(() -> SnapshotFile.decode(LogPosition.NONE, bent));
        }
    }

    @Test
    void namesAndAddressesAreChecked() {
        assertThat(PeerInfo.parse("hv-01@00000000000000ff", "10.0.0.1:8300").hostAndPort())
                .isEqualTo("10.0.0.1:8300");
        assertThat(PeerInfo.parse("hv-01@00000000000000ff", "[::1]:8300").hostAndPort())
                .isEqualTo("[0:0:0:0:0:0:0:1]:8300");
        for (String address : List.of(
                "",
                "8300",
                "10.0.0.1",
                "10.0.0.1:0",
                "10.0.0.1:x",
                "10.0.0.1:70000",
                "example.com:8300",
                "10.0.0.999:1")) {
            assertThatThrownBy(() -> PeerInfo.parse("hv-01@00000000000000ff", address))
                    .as(address)
                    .isInstanceOf(IllegalArgumentException.class);
        }
        for (String id :
                List.of("", "hv-01", "@0000000000000001", "a b@0000000000000001", "a@1", "a@000000000000000G")) {
            assertThatThrownBy(() -> new PeerId(id)).as(id).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> RaftConfig.of(java.nio.file.Path.of("x"), "n", new InetSocketAddress("0.0.0.0", 8300)))
                .hasMessageContaining("cluster address");
    }

    @Test
    void majorityOfAJointSetIsOneOfBothHalves() {
        List<PeerInfo> old = VoterStepTest.peers("abc");
        List<PeerInfo> now = VoterStepTest.peers("cde");
        VoterSet joint = new VoterSet(now, old, 3);

        assertThat(joint.isMajority(ids("bc"))).isFalse();
        assertThat(joint.isMajority(ids("bcd"))).isTrue();
        assertThat(new VoterSet(now, List.of(), 3).isMajority(ids("cd"))).isTrue();
        assertThat(VoterSet.NONE.isMajority(ids("a"))).isFalse();
    }

    @Test
    void gateLetsOnlyMessagesForThisPeerThrough() {
        Gate gate = new Gate(() -> SELF, Optional::empty);

        assertThat(gate.objection(vote("hv-01@0000000000000007"))).isEmpty();
        assertThat(gate.objection(vote("hv-01@0000000000000008")))
                .get()
                .asString()
                .contains("addressed to peer");
        assertThat(gate.objection(AppendEntriesRequestProto.newBuilder()
                        .setServerRequest(to("other@0000000000000001"))
                        .build()))
                .isPresent();
    }

    @Test
    void gateTakesInvitationsButNoOrders() {
        Gate gate = new Gate(() -> SELF, Optional::empty);
        GroupManagementRequestProto.Builder request =
                GroupManagementRequestProto.newBuilder().setRpcRequest(to(SELF.value()));
        RaftGroupProto full = RaftGroupProto.newBuilder()
                .addPeers(RaftPeerProto.getDefaultInstance())
                .build();

        assertThat(gate.objection(
                        request.setGroupAdd(invitation(GroupId.random())).build()))
                .isEmpty();
        assertThat(gate.objection(request.setGroupAdd(GroupAddRequestProto.getDefaultInstance())
                        .build()))
                .get()
                .asString()
                .contains("16 bytes");
        assertThat(gate.objection(
                        request.setGroupAdd(GroupAddRequestProto.newBuilder().setGroup(full))
                                .build()))
                .isPresent();
        assertThat(gate.objection(request.setGroupRemove(GroupRemoveRequestProto.getDefaultInstance())
                        .build()))
                .isPresent();
        assertThat(gate.objection(SetConfigurationRequestProto.getDefaultInstance()))
                .isPresent();
    }

    @Test
    void gateTakesNoInvitationToASecondGroup() {
        GroupId own = GroupId.random();
        Gate gate = new Gate(() -> SELF, () -> Optional.of(own));
        GroupManagementRequestProto.Builder request =
                GroupManagementRequestProto.newBuilder().setRpcRequest(to(SELF.value()));

        assertThat(gate.objection(request.setGroupAdd(invitation(own)).build())).isEmpty();
        assertThat(gate.objection(
                        request.setGroupAdd(invitation(GroupId.random())).build()))
                .get()
                .asString()
                .contains("in group " + own);
    }

    private static GroupAddRequestProto invitation(GroupId group) {
        ByteString id = ByteString.copyFrom(
                RaftGroupId.valueOf(group.value()).toByteString().asReadOnlyByteBuffer());
        return GroupAddRequestProto.newBuilder()
                .setGroup(RaftGroupProto.newBuilder()
                        .setGroupId(RaftGroupIdProto.newBuilder().setId(id)))
                .build();
    }

    @Test
    void gateBoundsClientRequests() {
        Gate gate = new Gate(() -> SELF, Optional::empty);
        RaftClientRequestProto.Builder write = RaftClientRequestProto.newBuilder()
                .setRpcRequest(to(SELF.value()))
                .setWrite(WriteRequestTypeProto.getDefaultInstance());

        assertThat(gate.objection(
                        write.setMessage(content(RaftNode.ENTRY_BYTES_MAX)).build()))
                .isEmpty();
        assertThat(gate.objection(
                        write.setMessage(content(RaftNode.ENTRY_BYTES_MAX + 1)).build()))
                .isPresent();
        assertThat(gate.objection(write.setWatch(WatchRequestTypeProto.getDefaultInstance())
                        .build()))
                .isPresent();
    }

    private static ClientMessageEntryProto content(int bytes) {
        return ClientMessageEntryProto.newBuilder()
                .setContent(ByteString.copyFrom(new byte[bytes]))
                .build();
    }

    private static RequestVoteRequestProto vote(String to) {
        return RequestVoteRequestProto.newBuilder().setServerRequest(to(to)).build();
    }

    private static RaftRpcRequestProto to(String peer) {
        return RaftRpcRequestProto.newBuilder()
                .setReplyId(ByteString.copyFromUtf8(peer))
                .build();
    }

    private static List<PeerId> ids(String names) {
        return VoterStepTest.peers(names).stream().map(PeerInfo::id).toList();
    }

    private static void assertDecodesOrRefuses(Runnable decode) {
        try {
            decode.run();
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).isNotEmpty();
        }
    }
}

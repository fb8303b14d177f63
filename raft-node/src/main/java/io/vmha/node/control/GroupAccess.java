package io.vmha.node.control;

import com.google.protobuf.InvalidProtocolBufferException;
import io.vmha.node.group.GroupMachine;
import io.vmha.node.group.StateCodec;
import io.vmha.node.raft.GroupId;
import io.vmha.node.raft.RaftNode;
import io.vmha.node.raft.RaftNodeException;
import io.vmha.proto.v1.LogReply;
import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.RecoveryState;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** This host's way into its group: directly where it votes, as a client where it does not. */
public final class GroupAccess {
    private final RaftNode raft;
    private final Renewals renewals;
    private final StateCodec codec;

    public GroupAccess(RaftNode raft, Renewals renewals, StateCodec codec) {
        this.raft = raft;
        this.renewals = renewals;
        this.codec = codec;
    }

    /** Commits a command; the reply says if it was refused. Fails with {@link RaftNodeException} without a leader. */
    public CompletableFuture<LogReply> commit(Command command) {
        byte[] entry = codec.encode(command);
        CompletableFuture<byte[]> reply = votesHere()
                ? raft.propose(entry)
                : renewals.standing()
                        .map(s -> raft.client(s.group(), s.voters()).propose(entry))
                        .orElseGet(GroupAccess::noGroup);
        return reply.thenApply(GroupAccess::parse);
    }

    /** The state by a linearizable read. */
    public CompletableFuture<RecoveryState> read() {
        return asked(new byte[0]).thenApply(codec::decodeState);
    }

    /** The state by a linearizable read, which brings it only where it is newer than the one that is known here. */
    public CompletableFuture<RecoveryState> confirmed(RecoveryState known) {
        Optional<GroupId> group =
                votesHere() ? raft.group() : renewals.standing().map(Renewals.Standing::group);
        boolean ofThisGroup =
                group.isPresent() && known.az().map(AzSettings::groupId).equals(group.map(GroupId::toString));
        RecoveryState before = ofThisGroup ? known : RecoveryState.empty();
        return asked(GroupMachine.stateAfter(before.applied().index()))
                .thenApply(bytes -> bytes.length == 0 ? before : codec.decodeState(bytes));
    }

    private CompletableFuture<byte[]> asked(byte[] question) {
        return votesHere()
                ? raft.read(question)
                : renewals.standing()
                        .map(s -> raft.client(s.group(), s.voters()).read(question))
                        .orElseGet(GroupAccess::noGroup);
    }

    private boolean votesHere() {
        return raft.status().voters().contains(raft.self().id());
    }

    private static LogReply parse(byte[] reply) {
        try {
            return LogReply.parseFrom(reply);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("the log's reply is not one of ours", e);
        }
    }

    private static <T> CompletableFuture<T> noGroup() {
        return CompletableFuture.failedFuture(new RaftNodeException(
                RaftNodeException.Kind.GROUP,
                "this host is in no group: no AZ that contains it is enabled (vmha az enable NAME)"));
    }
}

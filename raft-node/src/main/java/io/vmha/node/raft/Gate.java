package io.vmha.node.raft;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.apache.ratis.proto.RaftProtos.AppendEntriesRequestProto;
import org.apache.ratis.proto.RaftProtos.GroupManagementRequestProto;
import org.apache.ratis.proto.RaftProtos.InstallSnapshotRequestProto;
import org.apache.ratis.proto.RaftProtos.RaftClientRequestProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.ReadIndexRequestProto;
import org.apache.ratis.proto.RaftProtos.RequestVoteRequestProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionRequestProto;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import org.apache.ratis.thirdparty.io.grpc.Metadata;
import org.apache.ratis.thirdparty.io.grpc.ServerCall;
import org.apache.ratis.thirdparty.io.grpc.ServerCallHandler;
import org.apache.ratis.thirdparty.io.grpc.ServerInterceptor;
import org.apache.ratis.thirdparty.io.grpc.Status;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at every message that arrives on the Raft port before Ratis does, because Ratis checks too little:
 *
 * <ul>
 *   <li>it takes votes and entries that are addressed to another peer id. After a node lost its storage its address answers under
 *       a new id while the old id is still a voter; without this check one server would count as two.
 *   <li>it lets everybody change the voters, delete a group or take part in elections through its administration service. Here
 *       all of that is done in process by the leader; the only order taken from outside is "be ready for this group", with an
 *       empty list of peers, which changes nothing else.
 *   <li>an invitation to a second group it refuses only half: the group stays among its groups, and the next invitation to it is
 *       answered as if it had been accepted.
 *   <li>it takes kinds of client requests that we never send.
 * </ul>
 */
final class Gate implements ServerInterceptor {
    private static final Logger LOG = LoggerFactory.getLogger(Gate.class);
    private static final int GROUP_ID_BYTES = 16;

    private final Supplier<PeerId> self;
    private final Supplier<Optional<GroupId>> own;
    private final AtomicLong refused = new AtomicLong();
    private volatile boolean open;

    /** @param own the group that this server is in, if any */
    Gate(Supplier<PeerId> self, Supplier<Optional<GroupId>> own) {
        this.self = self;
        this.own = own;
    }

    /** From now on messages pass: the storage is what this peer has promised it to be. */
    void open() {
        open = true;
    }

    /** Messages refused since the start. */
    long refused() {
        return refused.get();
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        return new SimpleForwardingServerCallListener<>(next.startCall(call, headers)) {
            private boolean closed;

            @Override
            public void onMessage(Q message) {
                if (closed) {
                    return;
                }
                Optional<String> objection =
                        open ? objection(message) : Optional.of("this server is still reading its storage; ask again");
                if (objection.isEmpty()) {
                    super.onMessage(message);
                    return;
                }
                closed = true;
                note(call, objection.get());
                call.close(Status.PERMISSION_DENIED.withDescription(objection.get()), new Metadata());
            }

            @Override
            public void onHalfClose() {
                if (!closed) {
                    super.onHalfClose();
                }
            }
        };
    }

    private void note(ServerCall<?, ?> call, String objection) {
        // first of all and every thousandth: an old peer's leader retries for as long as it lives
        if (refused.getAndIncrement() % 1000 == 0) {
            LOG.info(
                    "raft message refused method={} reason=\"{}\" refused_so_far={}",
                    call.getMethodDescriptor().getFullMethodName(),
                    objection,
                    refused.get());
        }
    }

    Optional<String> objection(Object message) {
        if (message instanceof AppendEntriesRequestProto m) {
            return misaddressed(m.getServerRequest());
        }
        if (message instanceof RequestVoteRequestProto m) {
            return misaddressed(m.getServerRequest());
        }
        if (message instanceof InstallSnapshotRequestProto m) {
            return misaddressed(m.getServerRequest());
        }
        if (message instanceof ReadIndexRequestProto m) {
            return misaddressed(m.getServerRequest());
        }
        if (message instanceof StartLeaderElectionRequestProto m) {
            return misaddressed(m.getServerRequest());
        }
        if (message instanceof RaftClientRequestProto m) {
            return clientRequest(m);
        }
        if (message instanceof GroupManagementRequestProto m) {
            return groupManagement(m);
        }
        return Optional.of("only the leader itself administers its group");
    }

    private Optional<String> clientRequest(RaftClientRequestProto m) {
        return switch (m.getTypeCase()) {
            case READ, STALEREAD -> misaddressed(m.getRpcRequest());
            case WRITE ->
                m.getMessage().getContent().size() > RaftNode.ENTRY_BYTES_MAX
                        ? Optional.of("entry of " + m.getMessage().getContent().size() + " bytes, allowed are "
                                + RaftNode.ENTRY_BYTES_MAX)
                        : misaddressed(m.getRpcRequest());
            case WATCH, MESSAGESTREAM, DATASTREAM, FORWARD, TYPE_NOT_SET ->
                Optional.of("request type " + m.getTypeCase() + " is not served");
        };
    }

    private Optional<String> groupManagement(GroupManagementRequestProto m) {
        if (!m.hasGroupAdd() || m.getGroupAdd().getGroup().getPeersCount() != 0) {
            return Optional.of("only an invitation to a group, without peers, is taken from outside");
        }
        ByteString invited = m.getGroupAdd().getGroup().getGroupId().getId();
        if (invited.size() != GROUP_ID_BYTES) {
            return Optional.of("a group's id has " + GROUP_ID_BYTES + " bytes, not " + invited.size());
        }
        var group = new GroupId(RaftGroupId.valueOf(invited).getUuid());
        return own.get()
                .filter(mine -> !mine.equals(group))
                .map(mine -> "this node is in group " + mine + " and cannot join " + group + " as well")
                .or(() -> misaddressed(m.getRpcRequest()));
    }

    private Optional<String> misaddressed(RaftRpcRequestProto request) {
        String wanted = request.getReplyId().toStringUtf8();
        String own = self.get().value();
        return wanted.equals(own)
                ? Optional.empty()
                : Optional.of("addressed to peer " + clean(wanted) + " but this is " + own);
    }

    private static String clean(String text) {
        return text.substring(0, Math.min(text.length(), 300)).replaceAll("[^\\x20-\\x7e]", "?");
    }
}

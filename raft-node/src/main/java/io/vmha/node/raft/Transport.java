package io.vmha.node.raft;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.apache.ratis.proto.RaftProtos.RaftClientReplyProto;
import org.apache.ratis.protocol.RaftClientRequest;

/** Carries one client request to one server, once. */
interface Transport {
    /** Sends the request; the answer fails with {@link PeerLink.LinkException}. */
    CompletableFuture<RaftClientReplyProto> send(PeerInfo to, RaftClientRequest request, Duration limit);

    /** As {@link #send}, for a question that is asked of this server again and again. */
    default CompletableFuture<RaftClientReplyProto> sendOften(PeerInfo to, RaftClientRequest question, Duration limit) {
        return send(to, question, limit);
    }
}

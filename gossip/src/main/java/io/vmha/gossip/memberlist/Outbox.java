package io.vmha.gossip.memberlist;

import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.Message;
import java.net.InetSocketAddress;
import java.util.List;

/**
 * What memberlist does to the world. Nothing here answers: results come back as inputs, later.
 *
 * <p>Streams carry one request and at most one reply. For every {@link #openStream} the adapter calls exactly one of
 * {@code onStreamReply} and {@code onStreamFailed}.
 */
public interface Outbox {
    /**
     * Sends one datagram, best effort.
     *
     * @param parts encoded messages ({@link io.vmha.gossip.wire.MessageCodec}), at least one; several form a compound
     * @param checksum the receiver understands checksums
     */
    void sendPacket(InetSocketAddress to, List<Bytes> parts, boolean checksum);

    /**
     * Connects, sends the request and waits for one reply.
     *
     * @param streamId names the exchange when its result is reported
     * @param timeoutMs for all of it
     */
    void openStream(long streamId, InetSocketAddress to, Message request, long timeoutMs);

    /**
     * Answers a request during {@code onStreamRequest}. When that call returns, the adapter flushes and closes the connection.
     *
     * @param streamId as given to {@code onStreamRequest}
     */
    void replyStream(long streamId, Message reply);
}

package io.vmha.gossip.memberlist;

import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.Message;
import io.vmha.gossip.wire.MessageCodec;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/** Keeps what was sent, decoded, until a test takes it. */
final class RecordingOutbox implements Outbox {
    private final List<Sent> packets = new ArrayList<>();
    private final List<Opened> streams = new ArrayList<>();
    private final List<Message> replies = new ArrayList<>();

    record Sent(InetSocketAddress to, List<Message> messages, boolean checksum) {}

    record Opened(long streamId, InetSocketAddress to, Message request, long timeoutMs) {}

    @Override
    public void sendPacket(InetSocketAddress to, List<Bytes> parts, boolean checksum) {
        packets.add(new Sent(to, parts.stream().map(MessageCodec::decode).toList(), checksum));
    }

    @Override
    public void openStream(long streamId, InetSocketAddress to, Message request, long timeoutMs) {
        streams.add(new Opened(streamId, to, request, timeoutMs));
    }

    @Override
    public void replyStream(long streamId, Message reply) {
        replies.add(reply);
    }

    List<Sent> takePackets() {
        List<Sent> taken = List.copyOf(packets);
        packets.clear();
        return taken;
    }

    List<Opened> takeStreams() {
        List<Opened> taken = List.copyOf(streams);
        streams.clear();
        return taken;
    }

    List<Message> takeReplies() {
        List<Message> taken = List.copyOf(replies);
        replies.clear();
        return taken;
    }

    /** All messages of one kind sent since the last take, whoever they went to. */
    <T extends Message> List<T> take(Class<T> kind) {
        return takePackets().stream()
                .flatMap(sent -> sent.messages().stream())
                .filter(kind::isInstance)
                .map(kind::cast)
                .toList();
    }
}

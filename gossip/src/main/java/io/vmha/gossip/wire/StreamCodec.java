package io.vmha.gossip.wire;

import io.vmha.gossip.wire.Message.PushPull;
import java.nio.ByteBuffer;

/** Messages over TCP: one request per connection, at most one reply. */
public final class StreamCodec {
    static final int ENVELOPE_BYTES = 5;

    private final WireSettings settings;
    private final byte[] label;

    public StreamCodec(WireSettings settings) {
        this.settings = settings;
        this.label = settings.labelBytes();
    }

    /** Which end of the connection wrote the bytes: only the one that connected sends the label header. */
    public enum Side {
        INITIATOR,
        RESPONDER
    }

    /** A decoder for what the given side sends. */
    public StreamDecoder decoder(Side sender) {
        return new StreamDecoder(settings, sender);
    }

    /**
     * The bytes to write to the connection.
     *
     * @param sender us, as the end of the connection
     * @param nonce {@link Keyring#NONCE_BYTES} fresh random bytes; ignored without keys
     */
    public byte[] encode(Message message, Side sender, byte[] nonce) {
        Bytes body = body(message);
        if (settings.compress()) {
            body = Compression.wrap(body); // even if it grows: memberlist net.go, rawSendMsgStream
        }
        byte[] content = settings.keyring().isEmpty() ? body.shared() : sealed(body.shared(), nonce);
        byte[] header = sender == Side.INITIATOR ? labelHeader() : new byte[0];
        return ByteBuffer.allocate(header.length + content.length)
                .put(header)
                .put(content)
                .array();
    }

    private byte[] labelHeader() {
        if (label.length == 0) {
            return label;
        }
        return ByteBuffer.allocate(2 + label.length)
                .put((byte) MessageType.LABEL.code())
                .put((byte) label.length)
                .put(label)
                .array();
    }

    private byte[] sealed(byte[] body, byte[] nonce) {
        byte[] envelope = ByteBuffer.allocate(ENVELOPE_BYTES)
                .put((byte) MessageType.ENCRYPT.code())
                .putInt(body.length + Keyring.OVERHEAD)
                .array();
        byte[] blob = settings.keyring().encrypt(body, nonce, associatedData(envelope, label));
        return ByteBuffer.allocate(envelope.length + blob.length)
                .put(envelope)
                .put(blob)
                .array();
    }

    /** On streams the length header is authenticated too. */
    static byte[] associatedData(byte[] envelope, byte[] label) {
        return ByteBuffer.allocate(envelope.length + label.length)
                .put(envelope)
                .put(label)
                .array();
    }

    private static Bytes body(Message message) {
        if (message instanceof PushPull state) {
            return pushPull(state);
        }
        if (message instanceof Message.User user) {
            return new MsgpackWriter()
                    .octet(MessageType.USER.code())
                    .mapHeader(1)
                    .text("UserMsgLen")
                    .unsigned(user.body().length())
                    .verbatim(user.body())
                    .toBytes();
        }
        return MessageCodec.encode(message);
    }

    private static Bytes pushPull(PushPull state) {
        MsgpackWriter output =
                new MsgpackWriter().octet(MessageType.PUSH_PULL.code()).mapHeader(3);
        output.text("Join").bool(state.join());
        output.text("Nodes").unsigned(state.nodes().size());
        output.text("UserStateLen").unsigned(state.userState().length());
        for (NodeState node : state.nodes()) {
            output.mapHeader(7);
            output.text("Addr").rawOrNil(node.address().ip());
            output.text("Incarnation").unsigned(node.incarnation());
            output.text("Meta").rawOrNil(node.meta());
            output.text("Name").text(node.name());
            output.text("Port").unsigned(node.address().port());
            output.text("State").unsigned(node.state().code());
            output.text("Vsn").rawOrNil(node.vsn().raw());
        }
        return output.verbatim(state.userState()).toBytes();
    }
}

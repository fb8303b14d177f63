package io.vmha.gossip.wire;

import java.util.List;

/**
 * What a key query carries.
 *
 * @param key the key to install, use or remove; empty to list
 */
public record KeyRequest(Bytes key) {
    private static final int TYPE = 7;

    /** As the payload of a query. */
    public Bytes encode() {
        MsgpackWriter output = new MsgpackWriter().octet(TYPE).mapHeader(1).text("Key");
        return output.rawOrNil(key).toBytes();
    }

    /**
     * Reads the payload of a query.
     *
     * @throws WireFormatException if it is something else
     */
    public static KeyRequest decode(Bytes payload) {
        if (payload.isEmpty() || payload.at(0) != TYPE) {
            throw new WireFormatException("a key query must carry a key request, type " + TYPE);
        }
        Value body = new MsgpackReader(payload.shared(), 1, payload.length()).value();
        return new KeyRequest(body.struct("key request", List.of("Key")).bytes("Key"));
    }

    /** Without the key. */
    @Override
    public String toString() {
        return "KeyRequest[" + key.length() + " bytes]";
    }
}

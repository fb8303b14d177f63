package io.vmha.gossip.wire;

import java.util.List;

/**
 * How a member answers a key query.
 *
 * @param success it did what was asked
 * @param message why not, or a remark
 * @param keys in base64, the primary one first; only when they are listed
 * @param primaryKey in base64; only when keys are listed, empty from old members
 */
public record KeyResponse(boolean success, String message, List<String> keys, String primaryKey) {
    private static final int TYPE = 8;
    private static final int KEYS_MAX = 256;

    public KeyResponse {
        keys = List.copyOf(keys);
    }

    /** "Done." */
    public static KeyResponse done() {
        return new KeyResponse(true, "", List.of(), "");
    }

    /** "Not done, because." */
    public static KeyResponse refused(String why) {
        return new KeyResponse(false, why, List.of(), "");
    }

    /** As the payload of a response. */
    public Bytes encode() {
        MsgpackWriter output = new MsgpackWriter().octet(TYPE).mapHeader(4).text("Keys");
        if (keys.isEmpty()) {
            output.nil();
        } else {
            output.listHeader(keys.size());
            keys.forEach(output::text);
        }
        return output.text("Message")
                .text(message)
                .text("PrimaryKey")
                .text(primaryKey)
                .text("Result")
                .bool(success)
                .toBytes();
    }

    /**
     * Reads the payload of a response.
     *
     * @throws WireFormatException if it is something else
     */
    public static KeyResponse decode(Bytes payload) {
        if (payload.isEmpty() || payload.at(0) != TYPE) {
            throw new WireFormatException("a key query is answered by a key response, type " + TYPE);
        }
        Fields fields = new MsgpackReader(payload.shared(), 1, payload.length())
                .value()
                .struct("key response", List.of("Result", "Message", "Keys", "PrimaryKey"));
        List<Value> keys = fields.value("Keys").list("Keys");
        if (keys.size() > KEYS_MAX) {
            throw new WireFormatException(
                    "a member listed " + keys.size() + " keys; at most " + KEYS_MAX + " are believable");
        }
        return new KeyResponse(
                fields.bool("Result"), fields.text("Message"), Value.texts(keys, "Keys"), fields.text("PrimaryKey"));
    }

    /** Without the keys. */
    @Override
    public String toString() {
        return "KeyResponse[success=" + success + ", message=" + message + ", keys=" + keys.size() + "]";
    }
}

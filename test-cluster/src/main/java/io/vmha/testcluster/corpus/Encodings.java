package io.vmha.testcluster.corpus;

import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.Keyring;
import io.vmha.gossip.wire.PacketCodec;
import io.vmha.gossip.wire.WireSettings;
import java.util.List;

/**
 * Whether our encoder writes what the other program wrote, wherever it must: it is that of go-msgpack 0.5.5 and of Go 1.17 or later. Other
 * programs write some values in other forms, which we only read: signed numbers, the newer dialect, fields that older versions had not,
 * padding, LZW without a leading clear code.
 */
final class Encodings {
    private Encodings() {}

    /**
     * Compares a message behind its type byte.
     *
     * @param values of msgpack that it begins with; what follows is not looked at
     * @return whether all its bytes are the same
     */
    static boolean isAlike(Bytes theirs, Bytes ours, int values) {
        MsgpackForm form = MsgpackForm.of(theirs, 1, values);
        MsgpackForm written = MsgpackForm.of(ours, 1, values);
        boolean sameKind =
                !theirs.isEmpty() && theirs.at(0) == ours.at(0); // otherwise theirs is a layer in an unusual place
        if (sameKind && form.mustBeAlike(written) && !form.isAlike(written)) {
            throw new RecordedMeaning.Difference("we would write other bytes: " + ours);
        }
        return theirs.equals(ours);
    }

    /** Packs again what was packed. Where that does not pay, memberlist packs on streams only, and the whole stream is compared. */
    static void requirePacked(Layers layers) {
        Bytes theirs = layers.packed().orElse(Bytes.EMPTY);
        if (theirs.isEmpty()) {
            return;
        }
        byte[] ours = new PacketCodec(new WireSettings(Keyring.NONE, "", true))
                .encode(List.of(layers.inflated()), false, new byte[Keyring.NONCE_BYTES]);
        boolean pays = ours.length < layers.inflated().length();
        if (pays && !Bytes.copyOf(ours).equals(theirs)) {
            throw new RecordedMeaning.Difference("we would compress it to other bytes: " + Bytes.copyOf(ours));
        }
    }
}

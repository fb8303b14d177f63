package io.vmha.gossip.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The version byte of an encrypted message is not sealed: turning it must not cut the end off a message. */
final class PaddingTest {
    private static final Keyring KEYS = Keyring.of(List.of(new byte[16]));
    private static final byte[] NOTHING = {};

    private static byte[] turned(byte[] plain) {
        byte[] sealed = KEYS.encrypt(plain, new byte[Keyring.NONCE_BYTES], NOTHING);
        sealed[0] = 0;
        return sealed;
    }

    @Test
    void messageOfVersionOneIsNotReadAsAPaddedOne() {
        byte[] endsLikePadding = {7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 5};
        byte[] sealed = turned(endsLikePadding);

        assertThatThrownBy(() -> KEYS.decrypt(sealed, 0, sealed.length, NOTHING))
                .isInstanceOf(WireFormatException.class)
                .hasMessageContaining("padded");
    }

    @Test
    void paddedMessageIsRead() {
        byte[] padded = {1, 2, 3, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13};
        byte[] sealed = turned(padded);

        assertThat(KEYS.decrypt(sealed, 0, sealed.length, NOTHING)).containsExactly(1, 2, 3);
    }
}

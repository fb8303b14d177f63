package io.vmha.gossip.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class LzwTest {
    @Test
    void everythingComesBackAsItWas() {
        Random random = new Random(1);
        for (int round = 0; round < 300; round++) {
            byte[] plain = new byte[random.nextInt(round < 290 ? 3_000 : 300_000)];
            int alphabet = 1 + random.nextInt(256);
            for (int i = 0; i < plain.length; i++) {
                plain[i] = (byte) random.nextInt(alphabet);
            }

            byte[] packed = Lzw.compress(plain);

            assertThat(Lzw.decompress(Bytes.copyOf(packed), plain.length)).isEqualTo(plain);
        }
    }

    @Test
    void inputOfOldProgramsWithoutALeadingClearIsRead() {
        Bytes packed = Bytes.hex("4102" + "02"); // 9-bit codes 'A' (0x41), 257

        assertThat(Lzw.decompress(packed, 10)).containsExactly('A');
    }

    @Test
    void inputWithoutItsEndIsRefused() {
        byte[] packed = Lzw.compress("some text".getBytes(StandardCharsets.US_ASCII));
        Bytes cut = Bytes.copyOfRange(packed, 0, packed.length - 2);

        assertThatThrownBy(() -> Lzw.decompress(cut, 100)).isInstanceOf(WireFormatException.class);
    }

    @Test
    void codeThatWasNeverDefinedIsRefused() {
        Bytes packed = Bytes.hex("41" + "ff" + "ff" + "ff");

        assertThatThrownBy(() -> Lzw.decompress(packed, 100))
                .isInstanceOf(WireFormatException.class)
                .hasMessageContaining("above the highest known code");
    }
}

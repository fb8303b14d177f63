package io.vmha.gossip.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The forms of msgpack that readers of either go-msgpack generation accept, and those that they refuse. */
final class MsgpackProfileTest {
    private static final Message.Suspect SUSPECT = new Message.Suspect("n", 300, "f");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0383 a446726f6d a166 ab496e6361726e6174696f6e cd012c a44e6f6465 a16e", // as written
                "0383 a44e6f6465 a16e a446726f6d a166 ab496e6361726e6174696f6e cd012c", // any order
                "0383 a446726f6d d90166 ab496e6361726e6174696f6e cd012c a44e6f6465 d9016e", // str8
                "0383 d90446726f6d a166 d90b496e6361726e6174696f6e cd012c d9044e6f6465 a16e", // str8 keys
                "0383 a446726f6d c40166 ab496e6361726e6174696f6e cd012c a44e6f6465 c4016e", // bin for text
                "0383 a446726f6d a166 ab496e6361726e6174696f6e cf000000000000012c a44e6f6465 a16e", // wide
                "0383 a446726f6d a166 ab496e6361726e6174696f6e d1012c a44e6f6465 a16e", // signed
                "0383 a446726f6d a166 ab496e6361726e6174696f6e d3000000000000012c a44e6f6465 a16e",
                "0384 a446726f6d a166 ab496e6361726e6174696f6e cd012c a44e6f6465 a16e a178 82a161c0c293", // unknown;
                // cut
                "0384 a446726f6d a166 ab496e6361726e6174696f6e cd012c a44e6f6465 a16e a17892c0d40000", // unknown with
                // ext
                "0384 a44e6f6465 a178 a446726f6d a166 ab496e6361726e6174696f6e cd012c a44e6f6465 a16e", // duplicate
                "03de0003 a446726f6d a166 ab496e6361726e6174696f6e cd012c a44e6f6465 a16e", // map16
                "0393 cd012c a16e a166", // struct as a list
                "0383 a446726f6d a166 ab496e6361726e6174696f6e cd012c a44e6f6465 a16e ffff" // trailing
            })
    void accepted(String digits) {
        Bytes part = Bytes.hex(digits.replace(" ", ""));

        if (digits.endsWith("82a161c0c293")) {
            assertThatThrownBy(() -> MessageCodec.decode(part)).isInstanceOf(WireFormatException.class);
        } else {
            assertThat(MessageCodec.decode(part)).isEqualTo(SUSPECT);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0381 ab496e6361726e6174696f6e cf0000000100000000", // above uint32
                "0381 ab496e6361726e6174696f6e ff", // negative
                "0381 ab496e6361726e6174696f6e cfffffffffffffffff",
                "0381 ab496e6361726e6174696f6e cb3ff0000000000000", // float for an integer
                "0381 a44e6f6465 01", // integer for text
                "0381 a44e6f6465 a1ff", // not UTF-8
                "0305", // not a struct
                "03c1"
            })
    void refused(String digits) {
        Bytes part = Bytes.hex(digits.replace(" ", ""));

        assertThatThrownBy(() -> MessageCodec.decode(part)).isInstanceOf(WireFormatException.class);
    }

    @Test
    void nilAndMissingAreZero() {
        assertThat(MessageCodec.decode(Bytes.hex("0380"))).isEqualTo(new Message.Suspect("", 0, ""));
        assertThat(MessageCodec.decode(Bytes.hex("03c0"))).isEqualTo(new Message.Suspect("", 0, ""));
        assertThat(MessageCodec.decode(Bytes.hex("0381a44e6f6465c0"))).isEqualTo(new Message.Suspect("", 0, ""));
    }

    @Test
    void fieldNamesAreCaseSensitive() {
        assertThat(MessageCodec.decode(Bytes.hex("0381a46e6f6465a16e"))).isEqualTo(new Message.Suspect("", 0, ""));
    }

    @Test
    void bytesMayComeAsAListOfSmallIntegers() {
        Message ack = MessageCodec.decode(Bytes.hex("0282a75061796c6f616492" + "01cc80" + "a55365714e6f05"));

        assertThat(ack).isEqualTo(new Message.Ack(5, Bytes.hex("0180")));
    }

    @Test
    void fortyCharactersTakeTheRaw16FormNeverStr8() {
        String name = "x".repeat(40);

        Bytes encoded = MessageCodec.encode(new Message.Suspect(name, 1, "f"));

        assertThat(encoded.toString()).contains("da0028").doesNotContain("d928");
    }
}

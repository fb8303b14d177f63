package io.vmha.gossip.wire;

import java.util.List;

/** The compression layer: a map of the algorithm's number and the packed bytes. */
final class Compression {
    private static final int LZW = 0;
    private static final List<String> FIELDS = List.of("Algo", "Buf");

    private Compression() {}

    static Bytes wrap(Bytes plain) {
        return new MsgpackWriter()
                .octet(MessageType.COMPRESS.code())
                .mapHeader(2)
                .text("Algo")
                .unsigned(LZW)
                .text("Buf")
                .raw(Bytes.wrap(Lzw.compress(plain.shared())))
                .toBytes();
    }

    /** Reads the body after the type byte. */
    static byte[] unwrap(MsgpackReader reader, int outputMax) {
        Fields fields = reader.value().struct("compress", FIELDS);
        fields.integer("Algo", LZW, LZW);
        return Lzw.decompress(fields.bytes("Buf"), outputMax);
    }
}

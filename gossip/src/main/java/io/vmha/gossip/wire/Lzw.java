package io.vmha.gossip.wire;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/**
 * LZW as Go's compress/lzw writes it (least significant bit first, 8-bit literals): 256 clears, 257 ends, codes of 9 to 12 bits. The
 * encoder is byte-identical to programs built with Go 1.17 and later; the decoder also reads older ones, which do not start with a clear.
 */
final class Lzw {
    private static final int CLEAR = 256;
    private static final int END = 257;
    private static final int WIDTH_MIN = 9;
    private static final int WIDTH_MAX = 12;
    private static final int CODE_MAX = (1 << WIDTH_MAX) - 1;
    private static final int TABLE_SIZE = 4 << WIDTH_MAX;
    private static final int NONE = -1;

    private Lzw() {}

    static byte[] compress(byte[] plain) {
        return new Encoder().encode(plain);
    }

    /**
     * @param outputMax bytes the result may have
     * @throws WireFormatException if the input is damaged or would inflate to more
     */
    static byte[] decompress(Bytes packed, int outputMax) {
        return new Decoder(packed.shared(), outputMax).decode();
    }

    private static final class Encoder {
        /** Successors of (code, literal), four times as many places as codes: key in the upper 20 bits, successor in the lower 12. */
        private final int[] successors = new int[TABLE_SIZE];

        private final ByteArrayOutputStream output = new ByteArrayOutputStream();
        private int bits;
        private int bitCount;
        private int width = WIDTH_MIN;
        private int highest = END;

        byte[] encode(byte[] plain) {
            write(CLEAR);
            if (plain.length > 0) {
                int code = plain[0] & 0xff;
                for (int i = 1; i < plain.length; i++) {
                    int literal = plain[i] & 0xff;
                    int key = code << 8 | literal;
                    int place = placeOf(key);
                    if (successors[place] != 0) {
                        code = successors[place] & CODE_MAX;
                        continue;
                    }
                    write(code);
                    code = literal;
                    if (countCode()) {
                        successors[place] = key << WIDTH_MAX | highest;
                    }
                }
                write(code);
                countCode();
            }
            write(END);
            if (bitCount > 0) {
                output.write(bits);
            }
            return output.toByteArray();
        }

        private int placeOf(int key) {
            int place = (key >> WIDTH_MAX ^ key) & (TABLE_SIZE - 1);
            while (successors[place] != 0 && successors[place] >>> WIDTH_MAX != key) {
                place = (place + 1) & (TABLE_SIZE - 1);
            }
            return place;
        }

        /** @return false if the table was full and has been cleared */
        private boolean countCode() {
            highest++;
            if (highest == 1 << width) {
                width++;
            }
            if (highest < CODE_MAX) {
                return true;
            }
            write(CLEAR);
            width = WIDTH_MIN;
            highest = END;
            Arrays.fill(successors, 0);
            return false;
        }

        private void write(int code) {
            bits |= code << bitCount;
            bitCount += width;
            while (bitCount >= 8) {
                output.write(bits);
                bits >>>= 8;
                bitCount -= 8;
            }
        }
    }

    private static final class Decoder {
        private final byte[] packed;
        private final int outputMax;
        private final byte[] suffixes = new byte[CODE_MAX + 1];
        private final short[] prefixes = new short[CODE_MAX + 1];
        private final byte[] expansion = new byte[CODE_MAX + 1];
        private final ByteArrayOutputStream output = new ByteArrayOutputStream();
        private int position;
        private int bits;
        private int bitCount;
        private int width = WIDTH_MIN;
        private int highest = END;
        private int last = NONE;

        Decoder(byte[] packed, int outputMax) {
            this.packed = packed;
            this.outputMax = outputMax;
        }

        byte[] decode() {
            for (int code = read(); code != END; code = read()) {
                if (code == CLEAR) {
                    width = WIDTH_MIN;
                    highest = END;
                    last = NONE;
                } else {
                    expand(code);
                }
            }
            return output.toByteArray();
        }

        private void expand(int code) {
            if (code > highest) {
                throw new WireFormatException("LZW code " + code + " is above the highest known code " + highest);
            }
            int start = expansion.length;
            int link = code;
            if (code == highest && code > END && last != NONE) {
                start--; // the code being defined right now: the last expansion followed by its own first byte
                expansion[start] = (byte) firstByteOf(last);
                link = last;
            }
            while (link > END) {
                start--;
                expansion[start] = suffixes[link];
                link = prefixes[link];
            }
            start--;
            expansion[start] = (byte) link;
            if (output.size() + expansion.length - start > outputMax) {
                throw new WireFormatException("compressed message inflates to more than " + outputMax + " bytes");
            }
            output.write(expansion, start, expansion.length - start);
            if (last != NONE) {
                suffixes[highest] = (byte) link;
                prefixes[highest] = (short) last;
            }
            last = code;
            highest++;
            if (highest == 1 << width) {
                if (width == WIDTH_MAX) {
                    last = NONE; // the table is full and stays as it is until a clear
                    highest--;
                } else {
                    width++;
                }
            }
        }

        private int firstByteOf(int code) {
            int link = code;
            while (link > END) {
                link = prefixes[link];
            }
            return link;
        }

        private int read() {
            while (bitCount < width) {
                if (position == packed.length) {
                    throw new WireFormatException("compressed message ends without its end code");
                }
                bits |= (packed[position++] & 0xff) << bitCount;
                bitCount += 8;
            }
            int code = bits & ((1 << width) - 1);
            bits >>>= width;
            bitCount -= width;
            return code;
        }
    }
}

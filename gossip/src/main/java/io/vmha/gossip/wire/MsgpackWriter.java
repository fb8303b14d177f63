package io.vmha.gossip.wire;

import java.util.Arrays;

/**
 * Writes msgpack of the old specification as go-msgpack 0.5.5 does: text and bytes are raw without the 8-bit length form, never bin;
 * integers take the shortest unsigned form. Callers write struct fields in the byte order of their names.
 */
final class MsgpackWriter {
    private static final int RAW_SHORT = 32;

    private byte[] output = new byte[128];
    private int length;

    MsgpackWriter octet(int value) {
        reserve(1);
        output[length++] = (byte) value;
        return this;
    }

    MsgpackWriter verbatim(Bytes content) {
        reserve(content.length());
        System.arraycopy(content.shared(), 0, output, length, content.length());
        length += content.length();
        return this;
    }

    private void reserve(int more) {
        if (more > output.length - length) {
            output = Arrays.copyOf(output, Math.max(Math.addExact(length, more), 2 * output.length));
        }
    }

    MsgpackWriter mapHeader(int size) {
        return header(size, 0x80, 0xde);
    }

    MsgpackWriter listHeader(int size) {
        return header(size, 0x90, 0xdc);
    }

    private MsgpackWriter header(int size, int shortForm, int wideForm) {
        if (size < 16) {
            return octet(shortForm | size);
        }
        return size <= 0xffff
                ? octet(wideForm).big(size, 2)
                : octet(wideForm + 1).big(size, 4);
    }

    MsgpackWriter nil() {
        return octet(0xc0);
    }

    MsgpackWriter bool(boolean value) {
        return octet(value ? 0xc3 : 0xc2);
    }

    MsgpackWriter unsigned(long value) {
        if (value < 0) {
            throw new IllegalArgumentException("an unsigned value cannot be " + value);
        }
        if (value < 0x80) {
            return octet((int) value);
        }
        if (value <= 0xff) {
            return octet(0xcc).big(value, 1);
        }
        if (value <= 0xffff) {
            return octet(0xcd).big(value, 2);
        }
        return value <= 0xffff_ffffL ? octet(0xce).big(value, 4) : octet(0xcf).big(value, 8);
    }

    /** Go writes every float64 in eight bytes. */
    MsgpackWriter real(double value) {
        return octet(0xcb).big(Double.doubleToRawLongBits(value), 8);
    }

    /** Nearly every text is a short word in ASCII: that is written without a detour. */
    MsgpackWriter text(String value) {
        int size = value.length();
        if (size >= RAW_SHORT || !isAscii(value)) {
            return raw(Bytes.utf8(value));
        }
        octet(0xa0 | size).reserve(size);
        for (int i = 0; i < size; i++) {
            output[length++] = (byte) value.charAt(i);
        }
        return this;
    }

    private static boolean isAscii(String text) {
        int seen = 0;
        for (int i = 0; i < text.length(); i++) {
            seen |= text.charAt(i);
        }
        return seen < 0x80;
    }

    MsgpackWriter raw(Bytes value) {
        int size = value.length();
        if (size < RAW_SHORT) {
            octet(0xa0 | size);
        } else if (size <= 0xffff) {
            octet(0xda).big(size, 2);
        } else {
            octet(0xdb).big(size, 4);
        }
        return verbatim(value);
    }

    /** A Go byte slice that was never set is nil on the wire. */
    MsgpackWriter rawOrNil(Bytes value) {
        return value.isEmpty() ? nil() : raw(value);
    }

    private MsgpackWriter big(long value, int width) {
        for (int shift = 8 * (width - 1); shift >= 0; shift -= 8) {
            octet((int) (value >>> shift));
        }
        return this;
    }

    Bytes toBytes() {
        return Bytes.wrap(Arrays.copyOf(output, length));
    }
}

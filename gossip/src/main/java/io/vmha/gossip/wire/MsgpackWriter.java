package io.vmha.gossip.wire;

import java.io.ByteArrayOutputStream;

/**
 * Writes msgpack of the old specification as go-msgpack 0.5.5 does: text and bytes are raw without the 8-bit length form, never bin;
 * integers take the shortest unsigned form. Callers write struct fields in the byte order of their names.
 */
final class MsgpackWriter {
    private final ByteArrayOutputStream output = new ByteArrayOutputStream(128);

    MsgpackWriter octet(int value) {
        output.write(value);
        return this;
    }

    MsgpackWriter verbatim(Bytes content) {
        output.write(content.shared(), 0, content.length());
        return this;
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

    MsgpackWriter text(String value) {
        return raw(Bytes.utf8(value));
    }

    MsgpackWriter raw(Bytes value) {
        int length = value.length();
        if (length < 32) {
            octet(0xa0 | length);
        } else if (length <= 0xffff) {
            octet(0xda).big(length, 2);
        } else {
            octet(0xdb).big(length, 4);
        }
        return verbatim(value);
    }

    /** A Go byte slice that was never set is nil on the wire. */
    MsgpackWriter rawOrNil(Bytes value) {
        return value.isEmpty() ? nil() : raw(value);
    }

    private MsgpackWriter big(long value, int width) {
        for (int shift = 8 * (width - 1); shift >= 0; shift -= 8) {
            output.write((int) (value >>> shift));
        }
        return this;
    }

    Bytes toBytes() {
        return Bytes.wrap(output.toByteArray());
    }
}

package io.vmha.gossip.wire;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Reads msgpack of the old and the new specification from a byte array, within {@link Limits}. */
final class MsgpackReader {
    private final ByteBuffer input;
    private int valuesLeft = Limits.MSGPACK_VALUES_MAX;

    MsgpackReader(byte[] source, int from, int to) {
        this.input = ByteBuffer.wrap(source, from, to - from);
    }

    /** Index in the source array of the next byte to be read. */
    int position() {
        return input.position();
    }

    Value value() {
        return value(Limits.MSGPACK_DEPTH_MAX);
    }

    private Value value(int depthLeft) {
        if (depthLeft == 0) {
            throw new WireFormatException("msgpack nested deeper than " + Limits.MSGPACK_DEPTH_MAX);
        }
        countValue();
        int head = u8();
        if (head < 0x80) {
            return new Value.Int(head);
        }
        if (head < 0x90) {
            return dictionary(head & 0x0f, depthLeft);
        }
        if (head < 0xa0) {
            return sequence(head & 0x0f, depthLeft);
        }
        if (head < 0xc0) {
            return raw(head & 0x1f);
        }
        if (head >= 0xe0) {
            return new Value.Int((byte) head);
        }
        return marked(head, depthLeft);
    }

    private Value marked(int head, int depthLeft) {
        return switch (head) {
            case 0xc0 -> Value.Nil.INSTANCE;
            case 0xc2 -> new Value.Bool(false);
            case 0xc3 -> new Value.Bool(true);
            case 0xc4, 0xd9 -> raw(u8());
            case 0xc5, 0xda -> raw(u16());
            case 0xc6, 0xdb -> raw(u32());
            case 0xc7 -> extension(u8());
            case 0xc8 -> extension(u16());
            case 0xc9 -> extension(u32());
            case 0xca -> new Value.Real(Float.intBitsToFloat((int) u32()));
            case 0xcb -> new Value.Real(Double.longBitsToDouble(i64()));
            case 0xcc -> new Value.Int(u8());
            case 0xcd -> new Value.Int(u16());
            case 0xce -> new Value.Int(u32());
            case 0xcf -> unsigned64();
            case 0xd0 -> new Value.Int((byte) u8());
            case 0xd1 -> new Value.Int((short) u16());
            case 0xd2 -> new Value.Int((int) u32());
            case 0xd3 -> new Value.Int(i64());
            case 0xd4 -> extension(1);
            case 0xd5 -> extension(2);
            case 0xd6 -> extension(4);
            case 0xd7 -> extension(8);
            case 0xd8 -> extension(16);
            case 0xdc -> sequence(u16(), depthLeft);
            case 0xdd -> sequence(u32(), depthLeft);
            case 0xde -> dictionary(u16(), depthLeft);
            case 0xdf -> dictionary(u32(), depthLeft);
            default -> throw new WireFormatException("0xc1 is not a msgpack value");
        };
    }

    private Value sequence(long count, int depthLeft) {
        checkCount(count);
        List<Value> values = new ArrayList<>((int) Math.min(count, input.remaining()));
        for (long i = 0; i < count; i++) {
            values.add(value(depthLeft - 1));
        }
        return new Value.Sequence(values);
    }

    private Value dictionary(long count, int depthLeft) {
        checkCount(count * 2);
        int expected = (int) Math.min(count, input.remaining());
        List<Value> keys = new ArrayList<>(expected);
        List<Value> values = new ArrayList<>(expected);
        for (long i = 0; i < count; i++) {
            keys.add(value(depthLeft - 1));
            values.add(value(depthLeft - 1));
        }
        return new Value.Dictionary(keys, values);
    }

    private void checkCount(long count) {
        if (count > valuesLeft) {
            throw new WireFormatException("more than " + Limits.MSGPACK_VALUES_MAX + " msgpack values in one message");
        }
    }

    private void countValue() {
        if (--valuesLeft < 0) {
            throw new WireFormatException("more than " + Limits.MSGPACK_VALUES_MAX + " msgpack values in one message");
        }
    }

    private Value raw(long length) {
        byte[] content = new byte[available(length)];
        input.get(content);
        return new Value.Raw(content.length == 0 ? Bytes.EMPTY : Bytes.wrap(content));
    }

    private Value extension(long length) {
        int skipped = available(length + 1); // the type byte comes first
        input.position(input.position() + skipped);
        return new Value.Extension(skipped - 1);
    }

    private Value unsigned64() {
        long value = i64();
        return value >= 0 ? new Value.Int(value) : new Value.Huge(new BigInteger(Long.toUnsignedString(value)));
    }

    private int available(long length) {
        if (length > Limits.STREAM_INFLATED_BYTES_MAX) {
            throw new WireFormatException("a msgpack value of " + length + " bytes is longer than any message may be");
        }
        if (length > input.remaining()) {
            throw new TruncatedInputException(
                    "msgpack value needs " + length + " bytes but " + input.remaining() + " are left");
        }
        return (int) length;
    }

    private int u8() {
        available(1);
        return input.get() & 0xff;
    }

    private int u16() {
        available(2);
        return input.getShort() & 0xffff;
    }

    private long u32() {
        available(4);
        return input.getInt() & 0xffff_ffffL;
    }

    private long i64() {
        available(8);
        return input.getLong();
    }
}

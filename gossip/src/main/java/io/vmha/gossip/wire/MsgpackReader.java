package io.vmha.gossip.wire;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Reads msgpack of the old and the new specification from a byte array, within {@link Limits}. */
final class MsgpackReader {
    private final byte[] source;
    private final int to;
    private int next;
    private int valuesLeft = Limits.MSGPACK_VALUES_MAX;

    MsgpackReader(byte[] source, int from, int to) {
        Objects.checkFromToIndex(from, to, source.length);
        this.source = source;
        this.next = from;
        this.to = to;
    }

    /** Index in the source array of the next byte to be read. */
    int position() {
        return next;
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
        List<Value> values = new ArrayList<>((int) Math.min(count, to - next));
        for (long i = 0; i < count; i++) {
            values.add(value(depthLeft - 1));
        }
        return new Value.Sequence(values);
    }

    private Value dictionary(long count, int depthLeft) {
        checkCount(count * 2);
        int expected = (int) Math.min(count, to - next);
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
        int from = next;
        next += available(length);
        return new Value.Raw(Bytes.copyOfRange(source, from, next));
    }

    private Value extension(long length) {
        int skipped = available(length + 1); // the type byte comes first
        next += skipped;
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
        if (length > to - next) {
            throw new TruncatedInputException(
                    "msgpack value needs " + length + " bytes but " + (to - next) + " are left");
        }
        return (int) length;
    }

    private int u8() {
        return (int) big(1);
    }

    private int u16() {
        return (int) big(2);
    }

    private long u32() {
        return big(4);
    }

    private long i64() {
        return big(8);
    }

    private long big(int width) {
        int end = next + available(width);
        long value = 0;
        while (next < end) {
            value = (value << Byte.SIZE) | (source[next++] & 0xff);
        }
        return value;
    }
}

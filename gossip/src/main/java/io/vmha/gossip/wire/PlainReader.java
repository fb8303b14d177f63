package io.vmha.gossip.wire;

/**
 * Reads a message that is written exactly as go-msgpack 0.5.5 writes it: every field there, in the order of the names, in the old dialect.
 * Nearly all are. From the first byte on that is otherwise it reads nothing but zeros and says so, and {@link MsgpackReader}, which knows
 * all that peers may write, must read the message from its beginning.
 */
final class PlainReader {
    private final byte[] source;
    private final int to;
    private int next;
    private boolean plain = true;

    PlainReader(byte[] source, int from, int to) {
        this.source = source;
        this.next = from;
        this.to = to;
    }

    /** Everything so far was as expected; otherwise nothing that was read means anything. */
    boolean isPlain() {
        return plain;
    }

    PlainReader mapOf(int size) {
        return expect(0x80 | size);
    }

    PlainReader listOf(int size) {
        return expect(0x90 | size);
    }

    private PlainReader expect(int octet) {
        plain &= octet() == octet;
        return this;
    }

    PlainReader key(String ascii) {
        int size = ascii.length();
        expect(0xa0 | size);
        if (has(size)) {
            for (int i = 0; i < size; i++) {
                plain &= source[next++] == ascii.charAt(i);
            }
        }
        return this;
    }

    /** A short word in ASCII. */
    String word() {
        Bytes content = shortRaw();
        plain &= content.isAscii();
        return plain ? content.lenientText() : "";
    }

    /** Less than 32 bytes. */
    Bytes shortRaw() {
        int head = octet();
        plain &= (head & 0xe0) == 0xa0;
        return bytes(head & 0x1f);
    }

    /** Any number of bytes, or nil for none. */
    Bytes raw() {
        int head = octet();
        if (head == 0xc0) {
            return Bytes.EMPTY;
        }
        if (head == 0xda) {
            return bytes((int) big(2));
        }
        plain &= (head & 0xe0) == 0xa0;
        return bytes(head & 0x1f);
    }

    private Bytes bytes(int size) {
        if (!has(size)) {
            return Bytes.EMPTY;
        }
        next += size;
        return Bytes.copyOfRange(source, next - size, next);
    }

    /** At most 32 bits. */
    long unsigned() {
        int head = octet();
        return switch (head) {
            case 0xcc -> big(1);
            case 0xcd -> big(2);
            case 0xce -> big(4);
            default -> {
                plain &= head < 0x80;
                yield head;
            }
        };
    }

    double real() {
        expect(0xcb);
        return Double.longBitsToDouble(big(8));
    }

    private int octet() {
        return (int) big(1);
    }

    private long big(int width) {
        if (!has(width)) {
            return 0;
        }
        long value = 0;
        for (int end = next + width; next < end; next++) {
            value = value << Byte.SIZE | (source[next] & 0xff);
        }
        return value;
    }

    private boolean has(int count) {
        plain &= count <= to - next;
        return plain;
    }
}

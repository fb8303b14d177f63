package io.vmha.testcluster.corpus;

import io.vmha.gossip.wire.Bytes;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * How msgpack values are written, found out without the reader that is being checked: in the form in which go-msgpack 0.5.5 writes them,
 * which our encoder must reproduce, or in another one, which we only read.
 */
final class MsgpackForm {
    private static final int NIL = 0xc0;
    private static final int DEPTH_MAX = 16;

    private final Bytes source;
    private final ByteArrayOutputStream same = new ByteArrayOutputStream();
    private final StringBuilder shape = new StringBuilder();
    private int next;
    private boolean plain = true;

    private MsgpackForm(Bytes source, int from) {
        this.source = source;
        this.next = from;
    }

    /** The form of so many values in a row. */
    static MsgpackForm of(Bytes source, int from, int values) {
        var form = new MsgpackForm(source, from);
        for (int i = 0; i < values && form.plain; i++) {
            form.value(0);
        }
        return form;
    }

    /** The first byte behind the values. */
    int end() {
        return next;
    }

    /**
     * Whether an encoder like go-msgpack 0.5.5 has to write what the other one has: it is written in that dialect, with the same fields of
     * the same kinds. What is empty may be nil in one of them: a reader cannot tell it from an empty value.
     */
    boolean mustBeAlike(MsgpackForm written) {
        return plain && written.plain && shape.compareTo(written.shape) == 0;
    }

    boolean isAlike(MsgpackForm written) {
        return same.toString(StandardCharsets.ISO_8859_1).equals(written.same.toString(StandardCharsets.ISO_8859_1));
    }

    private int octet() {
        if (next >= source.length()) {
            plain = false;
            return NIL;
        }
        return source.at(next++);
    }

    private long big(int width) {
        long value = 0;
        for (int i = 0; i < width; i++) {
            value = value << Byte.SIZE | octet();
        }
        return value;
    }

    private void value(int depth) {
        int from = next;
        int head = octet();
        plain &= depth < DEPTH_MAX;
        if (head < 0x80) {
            one(head, 'i');
        } else if (head == 0xc2 || head == 0xc3) {
            one(head, 'b');
        } else if (head < 0x90) {
            map(head & 0x0f, depth);
        } else if (head < 0xa0) {
            list(head & 0x0f, depth);
        } else if (head < NIL) {
            raw(head & 0x1f);
        } else if (head == NIL) {
            one(NIL, 'n');
        } else {
            marked(head, from, depth);
        }
    }

    private void marked(int head, int from, int depth) {
        switch (head) {
            case 0xcb -> number(from, Double.BYTES, 0);
            case 0xcc -> number(from, 1, 0x80);
            case 0xcd -> number(from, 2, 1L << 8);
            case 0xce -> number(from, 4, 1L << 16);
            case 0xcf -> number(from, 8, 1L << 32);
            case 0xda -> raw(atLeast(big(2), 32));
            case 0xdb -> raw(atLeast(big(4), 1L << 16));
            case 0xdc -> list(atLeast(big(2), 16), depth);
            case 0xdd -> list(atLeast(big(4), 1L << 16), depth);
            case 0xde -> map(atLeast(big(2), 16), depth);
            case 0xdf -> map(atLeast(big(4), 1L << 16), depth);
            default -> plain = false; // str8, bin, ext, signed and single precision: other dialects
        }
    }

    private long atLeast(long length, long least) {
        plain &= length >= least;
        return length;
    }

    private void number(int from, int width, long least) {
        long value = big(width);
        plain &= least == 0 || value < 0 || value >= least;
        shape.append(least == 0 ? 'f' : 'i');
        copy(from);
    }

    private void one(int octet, char kind) {
        same.write(octet);
        shape.append(kind);
    }

    private void copy(int from) {
        for (int i = from; i < next && plain; i++) {
            same.write(source.at(i));
        }
    }

    private void raw(long length) {
        if (length == 0) {
            one(NIL, 'n');
            return;
        }
        shape.append('r');
        int from = next;
        skip(length);
        copy(from);
    }

    private void skip(long length) {
        plain &= length <= source.length() - next;
        next += plain ? (int) length : 0;
    }

    private void list(long size, int depth) {
        one(size == 0 ? NIL : (int) size, size == 0 ? 'n' : 'l');
        for (long i = 0; i < size && plain; i++) {
            value(depth + 1);
        }
    }

    private void map(long size, int depth) {
        one(size == 0 ? NIL : (int) size, size == 0 ? 'n' : 'm');
        for (long i = 0; i < size && plain; i++) {
            int from = next;
            int head = octet();
            plain &= head >= 0xa0 && head < NIL;
            skip(head & 0x1f);
            copy(from);
            if (depth == 0) {
                for (int at = from; at < next; at++) {
                    shape.append((char) source.at(at)); // which fields: what they are called
                }
            }
            value(depth + 1);
        }
    }
}

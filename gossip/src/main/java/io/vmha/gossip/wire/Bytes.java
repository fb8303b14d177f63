package io.vmha.gossip.wire;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/** An immutable byte string: the content of a field of a message, compared by value. */
public final class Bytes {
    public static final Bytes EMPTY = new Bytes(new byte[0]);

    private final byte[] content;
    private int hash;

    private Bytes(byte[] content) {
        this.content = content;
    }

    /** A copy of the given array. */
    public static Bytes copyOf(byte[] source) {
        return source.length == 0 ? EMPTY : new Bytes(source.clone());
    }

    /** A copy of {@code source[from, to)}. */
    public static Bytes copyOfRange(byte[] source, int from, int to) {
        return from == to ? EMPTY : new Bytes(Arrays.copyOfRange(source, from, to));
    }

    /** Wraps an array that nobody else will write to. */
    static Bytes wrap(byte[] owned) {
        return new Bytes(owned);
    }

    /** The UTF-8 form of a text. */
    public static Bytes utf8(String text) {
        return new Bytes(text.getBytes(StandardCharsets.UTF_8));
    }

    /** The bytes of a hexadecimal text without separators. */
    public static Bytes hex(String digits) {
        return new Bytes(HexFormat.of().parseHex(digits));
    }

    public int length() {
        return content.length;
    }

    public boolean isEmpty() {
        return content.length == 0;
    }

    /** The byte at this index as 0..255. */
    public int at(int index) {
        return content[index] & 0xff;
    }

    /** A copy as an array. */
    public byte[] toArray() {
        return content.clone();
    }

    /** The content without a copy, for readers inside this package that do not write to it. */
    byte[] shared() {
        return content;
    }

    /** Everything from this index on. */
    public Bytes from(int index) {
        return copyOfRange(content, index, content.length);
    }

    /** Strict UTF-8: a name that is not valid text cannot be compared or printed safely. */
    String strictText(String field) {
        if (isAscii()) {
            return lenientText();
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(content))
                    .toString();
        } catch (CharacterCodingException notText) {
            throw new WireFormatException(field + " must be UTF-8 text but is " + this, notText);
        }
    }

    boolean isAscii() {
        int seen = 0;
        for (byte b : content) {
            seen |= b;
        }
        return seen >= 0;
    }

    /** The same bytes as this text, which is ASCII. */
    boolean isText(String ascii) {
        if (ascii.length() != content.length) {
            return false;
        }
        for (int i = 0; i < content.length; i++) {
            if (content[i] != ascii.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** UTF-8 with replacement of what is not valid: for values that are only shown. */
    public String lenientText() {
        return new String(content, StandardCharsets.UTF_8);
    }

    @Override
    public boolean equals(Object other) {
        return this == other || (other instanceof Bytes that && Arrays.equals(content, that.content));
    }

    @Override
    public int hashCode() {
        if (hash == 0) {
            hash = Arrays.hashCode(content); // two threads would find the same
        }
        return hash;
    }

    /** Hexadecimal, cut after 64 bytes. */
    @Override
    public String toString() {
        int shown = Math.min(content.length, 64);
        String digits = HexFormat.of().formatHex(content, 0, shown);
        return shown == content.length ? digits : digits + "... (" + content.length + " bytes)";
    }
}

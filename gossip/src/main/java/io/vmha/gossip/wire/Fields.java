package io.vmha.gossip.wire;

import java.util.List;

/**
 * The fields of a decoded struct, few enough to be searched through. A missing field has its zero value; an unknown one is ignored. A field's path is put together only for the
 * message of an exception: there are many fields and few exceptions.
 */
record Fields(String struct, List<String> names, List<Value> values) {
    private static final long UINT32_MAX = 0xffff_ffffL;

    Value value(String field) {
        for (int i = names.size() - 1; i >= 0; i--) { // the last of equal names wins
            if (names.get(i).equals(field)) {
                return values.get(i);
            }
        }
        return Value.Nil.INSTANCE;
    }

    Bytes bytes(String field) {
        return value(field) instanceof Value.Raw raw
                ? raw.value()
                : value(field).bytes(path(field));
    }

    Bytes bytes(String field, int lengthMax) {
        Bytes bytes = bytes(field);
        if (bytes.length() > lengthMax) {
            throw new WireFormatException(
                    path(field) + " must be at most " + lengthMax + " bytes but has " + bytes.length());
        }
        return bytes;
    }

    /** An IP address: absent, 4 or 16 bytes. */
    Bytes address(String field) {
        Bytes bytes = bytes(field);
        if (bytes.length() != 0 && bytes.length() != 4 && bytes.length() != 16) {
            throw new WireFormatException(path(field) + " must have 4 or 16 bytes but has " + bytes.length());
        }
        return bytes;
    }

    String name(String field) {
        Bytes bytes = bytes(field, Limits.NAME_BYTES_MAX);
        return bytes.isAscii() ? bytes.lenientText() : bytes.strictText(path(field));
    }

    String text(String field) {
        return value(field).text(path(field));
    }

    long uint32(String field) {
        return whole(field, 0, UINT32_MAX);
    }

    int uint16(String field) {
        return (int) whole(field, 0, 0xffff);
    }

    int integer(String field, int min, int max) {
        return (int) whole(field, min, max);
    }

    long lamportTime(String field) {
        return whole(field, 0, Long.MAX_VALUE);
    }

    long int64(String field) {
        return value(field).integer(path(field), Long.MIN_VALUE, Long.MAX_VALUE);
    }

    private long whole(String field, long min, long max) {
        if (value(field) instanceof Value.Int number && number.value() >= min && number.value() <= max) {
            return number.value();
        }
        return value(field).integer(path(field), min, max);
    }

    boolean bool(String field) {
        return value(field).bool(path(field));
    }

    String path(String field) {
        return struct + '.' + field;
    }
}

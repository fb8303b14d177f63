package io.vmha.gossip.wire;

import java.util.Map;

/** The fields of a decoded struct. A missing field has its zero value; an unknown one is ignored. */
record Fields(String struct, Map<String, Value> values) {
    private static final long UINT32_MAX = 0xffff_ffffL;

    Value value(String field) {
        return values.getOrDefault(field, Value.Nil.INSTANCE);
    }

    Bytes bytes(String field) {
        return value(field).bytes(path(field));
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
        return bytes(field, Limits.NAME_BYTES_MAX).strictText(path(field));
    }

    String text(String field) {
        return value(field).text(path(field));
    }

    long uint32(String field) {
        return value(field).integer(path(field), 0, UINT32_MAX);
    }

    int uint16(String field) {
        return (int) value(field).integer(path(field), 0, 0xffff);
    }

    int integer(String field, int min, int max) {
        return (int) value(field).integer(path(field), min, max);
    }

    long lamportTime(String field) {
        return value(field).integer(path(field), 0, Long.MAX_VALUE);
    }

    long int64(String field) {
        return value(field).integer(path(field), Long.MIN_VALUE, Long.MAX_VALUE);
    }

    boolean bool(String field) {
        return value(field).bool(path(field));
    }

    String path(String field) {
        return struct + '.' + field;
    }
}

package io.vmha.gossip.wire;

import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** One map that an RPC client sent: a header or the body of a request. What is missing has its zero value. */
public final class RpcFields {
    private final Fields fields;

    RpcFields(Fields fields) {
        this.fields = fields;
    }

    public String text(String field) {
        return fields.text(field);
    }

    public Bytes bytes(String field) {
        return fields.bytes(field);
    }

    public boolean flag(String field) {
        return fields.bool(field);
    }

    /** A number that may not be negative. */
    public long number(String field) {
        return fields.value(field).integer(fields.path(field), 0, Long.MAX_VALUE);
    }

    /** Any number. */
    public long signed(String field) {
        return fields.int64(field);
    }

    public List<String> texts(String field) {
        return Value.texts(fields.value(field).list(fields.path(field)), fields.path(field));
    }

    public SortedMap<String, String> textMap(String field) {
        SortedMap<String, String> map = new TreeMap<>();
        for (Map.Entry<String, Value> entry :
                fields.value(field).map(fields.path(field)).entrySet()) {
            map.put(entry.getKey(), entry.getValue().text(fields.path(field)));
        }
        return map;
    }
}

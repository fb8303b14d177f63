package io.vmha.gossip.wire;

import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** One map of an RPC stream: a header, the body of a request or of a reply, or a map inside of one. What is missing has its zero value. */
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

    /** Any number, with its fraction. */
    public double real(String field) {
        return fields.value(field).number(fields.path(field));
    }

    /** Missing, or nil, which stands for the zero value of everything. */
    public boolean isNil(String field) {
        return fields.value(field).isNil();
    }

    /** A map inside of this one. */
    public RpcFields fields(String field) {
        return new RpcFields(fields.value(field).struct(fields.path(field), List.of()));
    }

    /** A list of maps. */
    public List<RpcFields> list(String field) {
        return values(field).stream()
                .map(value -> new RpcFields(value.struct(fields.path(field), List.of())))
                .toList();
    }

    public List<Double> reals(String field) {
        return values(field).stream()
                .map(value -> value.number(fields.path(field)))
                .toList();
    }

    /** How many values a list has. */
    public int count(String field) {
        return values(field).size();
    }

    private List<Value> values(String field) {
        return fields.value(field).list(fields.path(field));
    }

    public List<String> texts(String field) {
        return Value.texts(values(field), fields.path(field));
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

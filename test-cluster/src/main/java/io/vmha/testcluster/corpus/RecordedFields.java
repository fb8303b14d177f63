package io.vmha.testcluster.corpus;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.RpcFields;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Compares a value of Serf's RPC as we read it with its recorded meaning, down to its depth. */
final class RecordedFields {
    private static final String BYTES = "bytes_hex";

    private RecordedFields() {}

    /** Throws the first difference, if there is one. */
    static void require(String where, JsonNode recorded, RpcFields fields) {
        for (Map.Entry<String, JsonNode> field : recorded.properties()) {
            requireField(where, field.getKey(), field.getValue(), fields);
        }
    }

    private static void requireField(String where, String name, JsonNode value, RpcFields fields) {
        String path = where + ": " + name;
        if (value.isNull()) {
            expect(path, "nil", fields.isNil(name) ? "nil" : "a value");
        } else if (value.isTextual()) {
            expect(path, value.asText(), fields.text(name));
        } else if (value.isIntegralNumber()) {
            expect(path, value.asText(), Long.toString(fields.signed(name)));
        } else if (value.isNumber()) {
            expect(path, Double.toString(value.asDouble()), Double.toString(fields.real(name)));
        } else if (value.isBoolean()) {
            expect(path, value.asText(), Boolean.toString(fields.flag(name)));
        } else if (value.has(BYTES)) {
            expect(path, Bytes.hex(value.path(BYTES).asText()).toString(), String.valueOf(fields.bytes(name)));
        } else if (value.isArray()) {
            requireList(path, name, value, fields);
        } else {
            require(path, value, fields.fields(name));
        }
    }

    private static void requireList(String path, String name, JsonNode list, RpcFields fields) {
        if (list.isEmpty()) {
            expect(path + ", its length", "0", Integer.toString(fields.count(name)));
        } else if (list.get(0).isTextual()) {
            List<String> texts = new ArrayList<>();
            list.forEach(text -> texts.add(text.asText()));
            expect(path, texts.toString(), fields.texts(name).toString());
        } else if (list.get(0).isNumber()) {
            List<Double> numbers = new ArrayList<>();
            list.forEach(number -> numbers.add(number.asDouble()));
            expect(path, numbers.toString(), fields.reals(name).toString());
        } else {
            List<RpcFields> all = fields.list(name);
            expect(path + ", its length", Integer.toString(list.size()), Integer.toString(all.size()));
            for (int i = 0; i < all.size(); i++) {
                require(path + ' ' + i, list.get(i), all.get(i));
            }
        }
    }

    private static void expect(String what, String recorded, String read) {
        if (!recorded.equals(read)) {
            throw new RecordedMeaning.Difference(what + " is recorded as " + recorded + " but we read " + read);
        }
    }
}

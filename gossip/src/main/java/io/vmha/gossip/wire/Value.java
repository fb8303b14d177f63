package io.vmha.gossip.wire;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A decoded msgpack value, read leniently: what go-msgpack converts is converted, everything else is a {@link WireFormatException} that
 * names the field.
 */
sealed interface Value {
    default Bytes bytes(String field) {
        throw unexpected(field, "bytes");
    }

    default long integer(String field, long min, long max) {
        throw unexpected(field, "an integer");
    }

    default boolean bool(String field) {
        throw unexpected(field, "a boolean");
    }

    default double number(String field) {
        throw unexpected(field, "a number");
    }

    default List<Value> list(String field) {
        throw unexpected(field, "a list");
    }

    default Map<String, Value> map(String field) {
        throw unexpected(field, "a map");
    }

    /** A map from names to Lamport times. */
    default StatusTimes times(String field) {
        throw unexpected(field, "a map");
    }

    /** A Go struct: a map of its field names, or a list in declaration order, or nil for the zero value. */
    default Fields struct(String name, List<String> declarationOrder) {
        throw unexpected(name, "a map");
    }

    default String text(String field) {
        return bytes(field).strictText(field);
    }

    default boolean isNil() {
        return false;
    }

    private WireFormatException unexpected(String field, String wanted) {
        return new WireFormatException(
                field + " must be " + wanted + " but is " + getClass().getSimpleName());
    }

    /** nil is the zero value of every type. */
    record Nil() implements Value {
        static final Nil INSTANCE = new Nil();

        @Override
        public Bytes bytes(String field) {
            return Bytes.EMPTY;
        }

        @Override
        public long integer(String field, long min, long max) {
            return 0;
        }

        @Override
        public boolean bool(String field) {
            return false;
        }

        @Override
        public double number(String field) {
            return 0;
        }

        @Override
        public List<Value> list(String field) {
            return List.of();
        }

        @Override
        public Map<String, Value> map(String field) {
            return Map.of();
        }

        @Override
        public StatusTimes times(String field) {
            return new StatusTimes.Builder(0).build();
        }

        @Override
        public Fields struct(String name, List<String> declarationOrder) {
            return new Fields(name, List.of(), List.of());
        }

        @Override
        public boolean isNil() {
            return true;
        }
    }

    record Int(long value) implements Value {
        @Override
        public long integer(String field, long min, long max) {
            if (value < min || value > max) {
                throw new WireFormatException(field + " must be in " + min + ".." + max + " but is " + value);
            }
            return value;
        }

        @Override
        public boolean bool(String field) {
            return integer(field, 0, 1) == 1;
        }

        @Override
        public double number(String field) {
            return value;
        }
    }

    /** An unsigned 64-bit integer above the signed range. */
    record Huge(BigInteger value) implements Value {
        @Override
        public long integer(String field, long min, long max) {
            throw new WireFormatException(field + " must be in " + min + ".." + max + " but is " + value);
        }

        @Override
        public double number(String field) {
            return value.doubleValue();
        }
    }

    record Bool(boolean value) implements Value {
        @Override
        public boolean bool(String field) {
            return value;
        }
    }

    record Real(double value) implements Value {
        @Override
        public double number(String field) {
            return value;
        }
    }

    /** raw, str or bin: the readers of the protocol make no difference. */
    record Raw(Bytes value) implements Value {
        @Override
        public Bytes bytes(String field) {
            return value;
        }
    }

    record Sequence(List<Value> values) implements Value {
        @Override
        public Bytes bytes(String field) {
            byte[] octets = new byte[values.size()];
            for (int i = 0; i < octets.length; i++) {
                octets[i] = (byte) values.get(i).integer(field, 0, 255);
            }
            return Bytes.wrap(octets);
        }

        @Override
        public List<Value> list(String field) {
            return values;
        }

        @Override
        public Fields struct(String name, List<String> declarationOrder) {
            int known = Math.min(values.size(), declarationOrder.size());
            return new Fields(name, declarationOrder.subList(0, known), values);
        }
    }

    record Dictionary(List<Value> keys, List<Value> values) implements Value {
        @Override
        public Map<String, Value> map(String field) {
            Map<String, Value> entries = new LinkedHashMap<>(2 * keys.size());
            for (int i = 0; i < keys.size(); i++) {
                entries.put(keys.get(i).text(field + " key"), values.get(i)); // the last of equal keys wins
            }
            return entries;
        }

        @Override
        public StatusTimes times(String field) {
            var times = new StatusTimes.Builder(keys.size());
            for (int i = 0; i < keys.size(); i++) {
                times.add(keys.get(i).text(field + " key"), values.get(i).integer(field, 0, Long.MAX_VALUE));
            }
            return times.build();
        }

        @Override
        public Fields struct(String name, List<String> declarationOrder) {
            List<String> names = new ArrayList<>(keys.size());
            for (Value key : keys) {
                names.add(fieldName(key, name, declarationOrder));
            }
            return new Fields(name, names, values);
        }

        /** A field we know is recognised by its bytes, without decoding them. */
        private static String fieldName(Value key, String struct, List<String> known) {
            if (key instanceof Raw raw) {
                for (String field : known) {
                    if (raw.value().isText(field)) {
                        return field;
                    }
                }
            }
            return key.text(struct + " key");
        }
    }

    /** An extension type; nothing in the protocol uses one, so only skipping it is allowed. */
    record Extension(int length) implements Value {}

    /** A list read from the wire as text elements. */
    static List<String> texts(List<Value> values, String field) {
        List<String> texts = new ArrayList<>(values.size());
        for (Value value : values) {
            texts.add(value.text(field));
        }
        return List.copyOf(texts);
    }
}

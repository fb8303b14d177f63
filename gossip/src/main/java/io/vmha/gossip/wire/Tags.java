package io.vmha.gossip.wire;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** A member's tags inside the metadata of its node: a magic byte and a map, or in old pools the bare text of the role. */
public final class Tags {
    private static final int MAGIC = 0xff;

    private Tags() {}

    /**
     * The metadata that carries these tags.
     *
     * @throws IllegalArgumentException if the tags do not fit into the metadata
     */
    public static Bytes encode(SortedMap<String, String> tags) {
        Bytes meta = encodeAny(tags);
        if (meta.length() > Limits.META_BYTES_MAX) {
            throw new IllegalArgumentException("gossip tags must encode to at most " + Limits.META_BYTES_MAX
                    + " bytes but need " + meta.length() + "; shorten their values");
        }
        return meta;
    }

    /** Tells whether the tags fit into the metadata. */
    public static boolean fits(SortedMap<String, String> tags) {
        return encodeAny(tags).length() <= Limits.META_BYTES_MAX;
    }

    private static Bytes encodeAny(SortedMap<String, String> tags) {
        MsgpackWriter output = new MsgpackWriter().octet(MAGIC).mapHeader(tags.size());
        tags.forEach((name, value) -> output.text(name).text(value));
        return output.toBytes();
    }

    /** Tags that cannot be read are no tags: the node is alive all the same. */
    public static SortedMap<String, String> decode(Bytes meta) {
        SortedMap<String, String> tags = new TreeMap<>();
        if (meta.isEmpty()) {
            return Collections.unmodifiableSortedMap(tags);
        }
        if (meta.at(0) != MAGIC) {
            tags.put("role", meta.lenientText());
            return Collections.unmodifiableSortedMap(tags);
        }
        try {
            Value value = new MsgpackReader(meta.shared(), 1, meta.length()).value();
            for (Map.Entry<String, Value> tag : value.map("tags").entrySet()) {
                if (tags.size() < Limits.TAGS_MAX) {
                    tags.put(tag.getKey(), tag.getValue().bytes("tag").lenientText());
                }
            }
        } catch (WireFormatException unreadable) {
            tags.clear();
        }
        return Collections.unmodifiableSortedMap(tags);
    }
}

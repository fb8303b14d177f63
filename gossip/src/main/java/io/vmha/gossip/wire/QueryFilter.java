package io.vmha.gossip.wire;

import java.util.List;
import java.util.SortedMap;

/**
 * Restricts who answers a query: by names, or by a regular expression on a tag. Expressions come from the network, so they run in RE2,
 * whose time is linear, and those that would compile to something large are not run at all.
 */
public final class QueryFilter {
    private static final int NODE_NAMES = 0;
    private static final int TAG = 1;

    /** Filters in one query; the whole query fits into 1 KiB. */
    private static final int FILTERS_MAX = 64;

    private QueryFilter() {}

    /** Admits exactly these members. */
    public static Bytes names(List<String> names) {
        MsgpackWriter output = new MsgpackWriter().octet(NODE_NAMES).listHeader(names.size());
        names.forEach(output::text);
        return output.toBytes();
    }

    /** Admits members whose tag contains a match of the expression (RE2 syntax, not anchored). */
    public static Bytes tag(String tag, String expression) {
        MsgpackWriter output = new MsgpackWriter().octet(TAG).mapHeader(2);
        return output.text("Expr").text(expression).text("Tag").text(tag).toBytes();
    }

    /** Tells whether all filters admit this member; one that cannot be understood admits nobody. */
    public static boolean admits(List<Bytes> filters, String node, SortedMap<String, String> tags) {
        if (filters.size() > FILTERS_MAX) {
            return false;
        }
        try {
            return filters.stream().allMatch(filter -> admits(filter, node, tags));
        } catch (WireFormatException damaged) {
            return false;
        }
    }

    private static boolean admits(Bytes filter, String node, SortedMap<String, String> tags) {
        if (filter.isEmpty()) {
            return false;
        }
        Value body = new MsgpackReader(filter.shared(), 1, filter.length()).value();
        return switch (filter.at(0)) {
            case NODE_NAMES -> Value.texts(body.list("filter"), "filter").contains(node);
            case TAG -> {
                Fields fields = body.struct("filter", List.of("Tag", "Expr"));
                yield Expression.of(fields.text("Expr")).isFoundIn(tags.getOrDefault(fields.text("Tag"), ""));
            }
            default -> false;
        };
    }
}

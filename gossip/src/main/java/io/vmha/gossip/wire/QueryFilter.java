package io.vmha.gossip.wire;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.util.List;
import java.util.SortedMap;
import java.util.regex.Matcher;

/**
 * Restricts who answers a query: by names, or by a regular expression on a tag. Expressions come from the network, so they run in RE2,
 * whose time is linear, and those that would compile to something large are not run at all.
 */
public final class QueryFilter {
    private static final int NODE_NAMES = 0;
    private static final int TAG = 1;

    /** Filters in one query; the whole query fits into 1 KiB. */
    private static final int FILTERS_MAX = 64;

    private static final int EXPRESSION_LENGTH_MAX = 512;

    /** RE2 in Go refuses more; RE2/J checks each repetition alone, and nested ones multiply. */
    private static final long REPETITIONS_MAX = 1000;

    private static final java.util.regex.Pattern REPETITION =
            java.util.regex.Pattern.compile("\\{([0-9]{1,9})(?:,([0-9]{0,9}))?\\}");

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
                yield matches(fields.text("Expr"), tags.getOrDefault(fields.text("Tag"), ""));
            }
            default -> false;
        };
    }

    private static boolean matches(String expression, String value) {
        if (expression.length() > EXPRESSION_LENGTH_MAX || repetitions(expression) > REPETITIONS_MAX) {
            return false;
        }
        try {
            return Pattern.compile(expression).matcher(value).find();
        } catch (PatternSyntaxException wrong) {
            return false;
        }
    }

    /** The product of all counted repetitions: at least what nested ones expand to. */
    private static long repetitions(String expression) {
        long product = 1;
        Matcher counted = REPETITION.matcher(expression);
        while (counted.find() && product <= REPETITIONS_MAX) {
            product *= Math.max(1, Math.max(number(counted.group(1)), number(counted.group(2))));
        }
        return product;
    }

    private static long number(String digits) {
        return digits == null || digits.isEmpty() ? 0 : Long.parseLong(digits);
    }
}

package io.vmha.gossip.wire;

/** Restricts who answers a query. */
final class QueryFilter {
    private static final int NODE_NAMES = 0;

    private QueryFilter() {}

    static boolean admits(Bytes filter, String node) {
        if (filter.isEmpty() || filter.at(0) != NODE_NAMES) {
            return false;
        }
        Value names = new MsgpackReader(filter.shared(), 1, filter.length()).value();
        return Value.texts(names.list("filter"), "filter").contains(node);
    }
}

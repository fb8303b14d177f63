package io.vmha.gossip.rpc;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which events a client subscribed to: a kind, and for user events and queries optionally a name.
 *
 * @param kind as Serf calls it; a star for all
 * @param name empty for any
 */
record EventFilter(String kind, String name) {
    private static final int FILTERS_MAX = 64;
    private static final String ALL = "*";
    private static final Set<String> KINDS = Set.of( // looked up only
            ALL,
            RpcEvents.USER,
            RpcEvents.QUERY,
            RpcEvents.JOIN,
            RpcEvents.LEAVE,
            RpcEvents.FAILED,
            RpcEvents.UPDATE,
            RpcEvents.REAP);

    /** Reads a list with commas, as Serf's event handlers have it; nothing if a part of it is not valid. */
    static Optional<List<EventFilter>> parse(String text) {
        List<EventFilter> filters = new ArrayList<>();
        for (String part : (text.isEmpty() ? ALL : text).split(",", -1)) {
            String kind = part;
            String name = "";
            for (String named : List.of(RpcEvents.USER, RpcEvents.QUERY)) {
                if (part.startsWith(named + ":")) {
                    kind = named;
                    name = part.substring(named.length() + 1);
                }
            }
            if (!KINDS.contains(kind) || filters.size() >= FILTERS_MAX) {
                return Optional.empty();
            }
            filters.add(new EventFilter(kind, name));
        }
        return Optional.of(List.copyOf(filters));
    }

    boolean admits(String eventKind, String eventName) {
        return kind.equals(ALL) || (kind.equals(eventKind) && (name.isEmpty() || name.equals(eventName)));
    }
}

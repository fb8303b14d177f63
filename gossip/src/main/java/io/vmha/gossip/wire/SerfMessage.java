package io.vmha.gossip.wire;

import java.util.List;
import java.util.SortedMap;

/** A Serf message, the body of a memberlist user message. Lamport times order what members say about themselves. */
public sealed interface SerfMessage {
    /** Calls the method of the listener that handles this kind of message. */
    void deliverTo(SerfMessageListener listener);

    /** "This node leaves", said by the node itself or forced by an operator. */
    record LeaveIntent(long ltime, String node, boolean prune) implements SerfMessage {
        @Override
        public void deliverTo(SerfMessageListener listener) {
            listener.onLeaveIntent(this);
        }
    }

    /** "This node is here to stay." */
    record JoinIntent(long ltime, String node) implements SerfMessage {
        @Override
        public void deliverTo(SerfMessageListener listener) {
            listener.onJoinIntent(this);
        }
    }

    /**
     * The Serf part of a push/pull exchange.
     *
     * @param statusTimes when each member last changed its mind, in the order in which that is written or was read
     * @param leftMembers those of them that left
     */
    record State(
            long ltime,
            StatusTimes statusTimes,
            List<String> leftMembers,
            long eventLtime,
            List<RecentEvents> events,
            long queryLtime)
            implements SerfMessage {
        public State {
            leftMembers = List.copyOf(leftMembers);
            events = List.copyOf(events);
        }

        @Override
        public void deliverTo(SerfMessageListener listener) {
            listener.onState(this);
        }
    }

    /** The user events of one Lamport time. */
    record RecentEvents(long ltime, List<EventBody> events) {
        public RecentEvents {
            events = List.copyOf(events);
        }
    }

    /** Name and payload of a user event. */
    record EventBody(String name, Bytes payload) {}

    /** A user event on its way through the cluster. */
    record UserEvent(long ltime, EventBody body, boolean coalesce) implements SerfMessage {
        @Override
        public void deliverTo(SerfMessageListener listener) {
            listener.onUserEvent(this);
        }
    }

    /**
     * A question to all members.
     *
     * @param filters each restricts who answers; encoded
     * @param flags bit 0: an acknowledgement is wanted, bit 1: do not spread further
     * @param timeoutNanos time the asker waits
     */
    record Query(
            long ltime,
            long id,
            NodeAddress address,
            String sourceNode,
            List<Bytes> filters,
            long flags,
            int relayFactor,
            long timeoutNanos,
            EventBody body)
            implements SerfMessage {
        public Query {
            filters = List.copyOf(filters);
        }

        public static final long ACK_WANTED = 1;

        /** Tells whether this node, with these tags, may answer. */
        public boolean isFor(String node, SortedMap<String, String> tags) {
            return QueryFilter.admits(filters, node, tags);
        }

        public boolean wantsAck() {
            return (flags & ACK_WANTED) != 0;
        }

        public boolean mayBeSpread() {
            return (flags & 2) == 0;
        }

        @Override
        public void deliverTo(SerfMessageListener listener) {
            listener.onQuery(this);
        }
    }

    /** An acknowledgement (flag bit 0) of or an answer to a query. */
    record QueryResponse(long ltime, long id, String from, long flags, Bytes payload) implements SerfMessage {
        public static final long ACK = 1;

        public boolean isAck() {
            return (flags & ACK) != 0;
        }

        @Override
        public void deliverTo(SerfMessageListener listener) {
            listener.onQueryResponse(this);
        }
    }

    /** A message to be handed on to somebody the sender cannot reach. */
    record Relay(NodeAddress destination, String destinationName, Bytes message) implements SerfMessage {
        @Override
        public void deliverTo(SerfMessageListener listener) {
            listener.onRelay(this);
        }
    }
}

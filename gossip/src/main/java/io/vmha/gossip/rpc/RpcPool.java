package io.vmha.gossip.rpc;

import io.vmha.gossip.serf.KeyResult;
import io.vmha.gossip.serf.Member;
import io.vmha.gossip.serf.QueryListener;
import io.vmha.gossip.serf.Question;
import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.Coordinate;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * What clients may ask our agent for. Results that take time come through the given callback, on the thread that owns the sessions, once;
 * a refusal is an {@link IllegalArgumentException} or {@link IllegalStateException} whose text the client is shown.
 */
public interface RpcPool {
    /** All members, sorted by name. */
    List<Member> members();

    /**
     * Joins through these members.
     *
     * @param addresses an IP address or a host name, each with or without a port
     * @param replay deliver the events that the pool still remembers
     * @param onDone told how many could be contacted, and why others could not
     */
    void join(List<String> addresses, boolean replay, BiConsumer<Integer, String> onDone);

    /** Declares that a failed member has left. */
    void forceLeave(String member, boolean prune, Runnable onDone);

    /** Leaves the pool in good order. */
    void leave(Runnable onDone);

    /** A client made us leave and has been told so: the agent's owner should end. */
    void onLeftByClient();

    /** Sends an event to all members. */
    void userEvent(String name, Bytes payload, boolean coalesce);

    /** Asks the members. */
    void query(Question question, QueryListener answers);

    /** Answers a query that an event stream told of; false if it was answered already or its time is over. */
    boolean respond(long queryId, Bytes payload);

    /** Changes the pool's keys. */
    void changeKey(KeyChange change, Bytes key, Consumer<KeyResult> onDone);

    /** Asks all members for their keys. */
    void listKeys(Consumer<KeyResult> onDone);

    /** Changes what our member tells about itself. */
    void changeTags(SortedMap<String, String> set, List<String> removed);

    /** Where a member is in the network; nothing if that is unknown. */
    Optional<Coordinate> coordinate(String member);

    /** What {@code serf info} shows, by its sections. */
    SortedMap<String, SortedMap<String, String>> stats();

    /** The latest lines of the agent's log. */
    List<LogLine> recentLog();

    /** What can be done to a key. */
    enum KeyChange {
        INSTALL,
        USE,
        REMOVE
    }
}

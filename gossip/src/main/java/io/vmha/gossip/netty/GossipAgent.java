package io.vmha.gossip.netty;

import io.vmha.gossip.serf.GossipListener;
import io.vmha.gossip.serf.KeyResult;
import io.vmha.gossip.serf.Member;
import io.vmha.gossip.serf.QueryListener;
import io.vmha.gossip.serf.Question;
import io.vmha.gossip.serf.Serf;
import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.Tags;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;

/**
 * A member of a Serf pool, running. All methods may be called from any thread; only {@link #close} waits.
 *
 * <p>Closing without {@link #leave} looks like a crash to the others, on purpose: a daemon that is restarted quickly should not leave.
 */
public final class GossipAgent implements AutoCloseable {
    private final GossipLoop loop;

    private GossipAgent(GossipLoop loop) {
        this.loop = loop;
    }

    /**
     * Binds the address, UDP and TCP, and starts. The agent is alone until it joins somebody or is joined.
     *
     * @throws GossipException if the address cannot be bound
     */
    public static GossipAgent start(GossipConfig config, GossipListener listener) {
        GossipLoop loop = new GossipLoop(config, listener);
        loop.start();
        return new GossipAgent(loop);
    }

    /** Where peers reach us, with the real port. */
    public InetSocketAddress address() {
        return loop.address();
    }

    /** Where Serf clients are listened to, with the real port; nowhere unless configured. */
    public Optional<InetSocketAddress> rpcAddress() {
        return loop.rpcAddress();
    }

    /** All members at this moment, sorted by name, ourselves included. */
    public List<Member> members() {
        return loop.members();
    }

    /** Counters and gauges at this moment. */
    public GossipStats stats() {
        return loop.stats();
    }

    /**
     * Joins the pool of any of these peers; addresses must be resolved. The same address as ours is skipped.
     *
     * @return the number of peers that exchanged their state with us; the log says why others did not
     */
    public CompletableFuture<Integer> join(List<InetSocketAddress> addresses) {
        List<InetSocketAddress> peers = addresses.stream()
                .filter(peer -> !peer.equals(loop.address()))
                .distinct()
                .toList();
        for (InetSocketAddress peer : peers) {
            if (peer.isUnresolved()) {
                return CompletableFuture.failedFuture(
                        new GossipException("cannot join " + peer.getHostString() + ": its name is not resolved"));
            }
        }
        return running(() -> loop.join(peers));
    }

    /** Leaves in good order; done when the others had time to hear it. Close the agent then. */
    public CompletableFuture<Void> leave() {
        return running(loop::leave);
    }

    private static <T> CompletableFuture<T> running(Supplier<CompletableFuture<T>> action) {
        try {
            return action.get();
        } catch (RejectedExecutionException closed) {
            return CompletableFuture.failedFuture(new GossipException("the gossip agent is closed", closed));
        }
    }

    /**
     * Publishes these tags instead of the present ones.
     *
     * @throws IllegalArgumentException if they do not fit into 512 bytes
     */
    public void setTags(Map<String, String> tags) {
        SortedMap<String, String> copy = new TreeMap<>(tags);
        Tags.encode(copy);
        loop.setTags(copy);
    }

    /**
     * Sends an event to all members, ourselves included.
     *
     * @throws IllegalArgumentException if name and payload have more than 512 bytes
     */
    public void userEvent(String name, byte[] payload) {
        userEvent(name, payload, false);
    }

    /**
     * Sends an event to all members, ourselves included.
     *
     * @param coalesce of several such events within a moment, receivers may act upon the latest only
     * @throws IllegalArgumentException if name and payload have more than 512 bytes
     */
    public void userEvent(String name, byte[] payload, boolean coalesce) {
        Bytes content = Bytes.copyOf(payload);
        Serf.requireSendable(name, content);
        loop.userEvent(name, content, coalesce);
    }

    /**
     * Asks all members, or those that pass the question's filters; ourselves included.
     *
     * @param answers hears what comes back, on the gossip thread
     * @return done when the time is over, exceptionally if the question has more than 1024 bytes
     */
    public CompletableFuture<Void> query(Question question, QueryListener answers) {
        return running(() -> loop.<Void>ask((nowMs, done) -> loop.serf().ask(nowMs, question, new QueryListener() {
            @Override
            public void onAck(String from) {
                answers.onAck(from);
            }

            @Override
            public void onResponse(String from, Bytes payload) {
                answers.onResponse(from, payload);
            }

            @Override
            public void onFinished() {
                answers.onFinished();
                done.complete(null);
            }
        })));
    }

    /**
     * Answers a question that the listener heard, once and in its time.
     *
     * @return false if it was too late or answered before; exceptionally if the answer has more than 1024 bytes
     */
    public CompletableFuture<Boolean> respond(long queryId, byte[] payload) {
        Bytes content = Bytes.copyOf(payload);
        return running(() -> loop.ask((nowMs, done) -> done.complete(loop.serf().respond(nowMs, queryId, content))));
    }

    /**
     * Lets all members, ourselves included, open messages with one more key. The first step of a rotation; go on only if the result is
     * complete.
     *
     * @param key 16, 24 or 32 bytes
     */
    public CompletableFuture<KeyResult> installKey(byte[] key) {
        Bytes content = Bytes.copyOf(key);
        return running(() -> loop.ask((nowMs, done) -> loop.serf().installKey(nowMs, content, done::complete)));
    }

    /** Lets all members seal with this key, which they must have: the second step of a rotation. */
    public CompletableFuture<KeyResult> useKey(byte[] key) {
        Bytes content = Bytes.copyOf(key);
        return running(() -> loop.ask((nowMs, done) -> loop.serf().useKey(nowMs, content, done::complete)));
    }

    /** Lets all members forget this key, which they must not seal with: the last step of a rotation. */
    public CompletableFuture<KeyResult> removeKey(byte[] key) {
        Bytes content = Bytes.copyOf(key);
        return running(() -> loop.ask((nowMs, done) -> loop.serf().removeKey(nowMs, content, done::complete)));
    }

    /** Asks all members which keys they have. */
    public CompletableFuture<KeyResult> listKeys() {
        return running(() -> loop.ask((nowMs, done) -> loop.serf().listKeys(nowMs, done::complete)));
    }

    /** Stops at once, without leaving. */
    @Override
    public void close() {
        loop.close();
    }
}

package io.vmha.node.raft;

import io.vmha.node.raft.PeerLink.LinkException;
import io.vmha.node.raft.Question.Frame;
import io.vmha.node.raft.RaftNodeException.Kind;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.ratis.proto.RaftProtos.RaftClientReplyProto;
import org.apache.ratis.proto.RaftProtos.RaftClientReplyProto.ExceptionDetailsCase;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;

/**
 * Talks to one group from any node, voter or not: writes and linearizable reads wherever the leader is, questions to one server.
 *
 * <p>Every operation has one deadline, retries within it at a bounded pace, and ends in a value or a {@link RaftNodeException}.
 * Nothing blocks the caller. Peers learned from the group's answers replace those given.
 */
public final class GroupClient {
    /** How long a write or a linearizable read may take all in all if nothing else is said: several elections long. */
    public static final Duration LIMIT = Duration.ofSeconds(15);
    /** The longest limit: half of the time for which servers know a retry as such. */
    public static final Duration LIMIT_MAX = Settings.RETRY_CACHE.dividedBy(2);
    /**
     * One attempt. A leader whose host has lost its power says nothing: the time until the next one is asked for. A slow one knows the
     * repeated attempt by its identity, so nothing is done twice.
     */
    private static final Duration ATTEMPT = Duration.ofSeconds(1);

    private static final Duration LOOK_FOR_LEADER = Duration.ofSeconds(1);
    /** After this nobody waits for the servers that have not answered; a leader among them is still noted when it does. */
    private static final Duration WORDS_PATIENCE = Duration.ofMillis(250);

    private final GroupId group;
    private final Transport transport;
    private final ScheduledExecutorService timer;
    private final ClientId clientId = ClientId.randomId();
    private final AtomicLong callId = new AtomicLong();
    private volatile List<PeerInfo> peers;
    private volatile Optional<PeerInfo> leader = Optional.empty();

    GroupClient(GroupId group, List<PeerInfo> peers, Transport transport, ScheduledExecutorService timer) {
        this.group = group;
        this.peers = sorted(peers);
        this.transport = transport;
        this.timer = timer;
    }

    public GroupId group() {
        return group;
    }

    /** The servers that are tried. */
    public List<PeerInfo> peers() {
        return peers;
    }

    /** Replaces the servers to try, as gossip or a committed configuration tells them; an empty list is ignored. */
    public void peers(List<PeerInfo> now) {
        if (!now.isEmpty()) {
            peers = sorted(now);
        }
    }

    /**
     * Commits one entry and returns what {@link Replicated#apply} replied.
     *
     * <p>All attempts carry one identity, which servers remember for a minute, so an entry is applied once even if an answer got
     * lost. That memory does not survive a server that restarts or is built from a snapshot: entries must still be written so that
     * a second apply does no harm (name the version or epoch they expect).
     *
     * @return fails with {@code TOO_LARGE}, {@code NOT_COMMITTED} (surely without effect), {@code UNKNOWN_OUTCOME} (find out by
     *     reading), {@code REFUSED} (the state machine threw)
     */
    public CompletableFuture<byte[]> propose(byte[] entry, Duration limit) {
        if (entry.length > RaftNode.ENTRY_BYTES_MAX) {
            return CompletableFuture.failedFuture(new RaftNodeException(
                    Kind.TOO_LARGE,
                    "an entry has at most " + RaftNode.ENTRY_BYTES_MAX + " bytes but this one has " + entry.length
                            + "; split it"));
        }
        return new Attempts(this, RaftClientRequest.writeRequestType(), entry, capped(limit)).start();
    }

    /** {@link #propose(byte[], Duration)} within {@link #LIMIT}. */
    public CompletableFuture<byte[]> propose(byte[] entry) {
        return propose(entry, LIMIT);
    }

    /**
     * Reads the state as of now or later: every write that was answered before this call is seen.
     *
     * @return what {@link Replicated#query} answered; fails with {@code UNAVAILABLE} or {@code REFUSED}
     */
    public CompletableFuture<byte[]> read(byte[] request, Duration limit) {
        return new Attempts(this, RaftClientRequest.readRequestType(), request, capped(limit)).start();
    }

    /** {@link #read(byte[], Duration)} within {@link #LIMIT}. */
    public CompletableFuture<byte[]> read(byte[] request) {
        return read(request, LIMIT);
    }

    /**
     * Puts a question to exactly this server, leader or not, once. The answer comes from the state it has applied, and never from
     * a server that has taken over its address under another id.
     *
     * @return what {@link Replicated#peerQuery} answered; fails with {@code UNAVAILABLE} or {@code REFUSED}
     */
    public CompletableFuture<byte[]> ask(PeerInfo server, byte[] request, Duration limit) {
        return put(server, new Frame(Question.Kind.MACHINE, server.id(), request), limit);
    }

    /**
     * As {@link #ask}, for what is asked again and again, and as well worth having when it comes late: it costs both sides less, and shares
     * the fate of what else is asked of this server in this way.
     */
    public CompletableFuture<byte[]> askOften(PeerInfo server, byte[] request, Duration limit) {
        var frame = new Frame(Question.Kind.MACHINE, server.id(), request);
        return answer(server, transport.sendOften(server, question(server, frame), limit));
    }

    /**
     * Asks a server for its view: what it has applied, the voters, the leader.
     *
     * @return fails like {@link #ask}
     */
    public CompletableFuture<Replicated.Standing> standing(PeerInfo server, Duration limit) {
        return word(server, limit).thenApply(w -> new Replicated.Standing(server.id(), w.applied(), w.voters()));
    }

    /**
     * Asks a server for its state's digest, to be compared with another's at the same position.
     *
     * @return fails like {@link #ask}
     */
    public CompletableFuture<StateDigest> digest(PeerInfo server, Duration limit) {
        return put(server, new Frame(Question.Kind.DIGEST, server.id(), new byte[0]), limit)
                .thenApply(Question::decodeDigest);
    }

    /** Asks a server what it has heard of its leader. */
    CompletableFuture<Hearing> hearing(PeerInfo server, Duration limit) {
        return put(server, new Frame(Question.Kind.HEARING, server.id(), new byte[0]), limit)
                .thenApply(Question::decodeHearing);
    }

    private CompletableFuture<Question.Standing> word(PeerInfo server, Duration limit) {
        return put(server, new Frame(Question.Kind.STANDING, server.id(), new byte[0]), limit)
                .thenApply(Question::decodeStanding);
    }

    private CompletableFuture<byte[]> put(PeerInfo server, Frame frame, Duration limit) {
        return answer(server, transport.send(server, question(server, frame), limit));
    }

    private RaftClientRequest question(PeerInfo server, Frame frame) {
        return request(server, RaftClientRequest.staleReadRequestType(0), Question.encode(frame), nextCall());
    }

    private static CompletableFuture<byte[]> answer(PeerInfo server, CompletableFuture<RaftClientReplyProto> sent) {
        return sent.handle((reply, problem) -> {
            if (problem != null) {
                throw unavailable("no answer from " + server, unwrap(problem));
            }
            if (reply.getExceptionDetailsCase() != ExceptionDetailsCase.EXCEPTIONDETAILS_NOT_SET) {
                throw new RaftNodeException(Kind.REFUSED, server + " refused the question: " + describe(reply));
            }
            return reply.getMessage().getContent().toByteArray();
        });
    }

    /** The leader, asking all servers who it is if it is not known. Completes empty if nobody knows one that is ready. */
    CompletableFuture<Optional<PeerInfo>> findLeader() {
        Optional<PeerInfo> known = leader;
        if (known.isPresent()) {
            return CompletableFuture.completedFuture(known);
        }
        List<PeerInfo> tried = peers;
        CompletableFuture<Optional<PeerInfo>> found = new CompletableFuture<>();
        CompletableFuture<?>[] words = tried.stream()
                .map(p -> word(p, LOOK_FOR_LEADER)
                        .thenAccept(w -> {
                            learn(w.voters().voters());
                            if (w.leaderReady()) {
                                leader = Optional.of(p);
                                found.complete(leader);
                            }
                        })
                        .exceptionally(problem -> null))
                .toArray(CompletableFuture<?>[]::new);
        var unused = CompletableFuture.allOf(words).whenComplete((v, problem) -> found.complete(Optional.empty()));
        return found.completeOnTimeout(Optional.empty(), WORDS_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    }

    void learn(List<PeerInfo> told) {
        peers(told);
    }

    void leader(Optional<PeerInfo> now) {
        leader = now;
    }

    long nextCall() {
        return callId.incrementAndGet();
    }

    CompletableFuture<RaftClientReplyProto> send(
            PeerInfo to, RaftClientRequest.Type type, byte[] content, long call, Duration limit) {
        return transport.send(to, request(to, type, content, call), limit);
    }

    Duration attemptLimit() {
        return ATTEMPT;
    }

    ScheduledExecutorService timer() {
        return timer;
    }

    private RaftClientRequest request(PeerInfo to, RaftClientRequest.Type type, byte[] content, long call) {
        ByteString bytes = UnsafeByteOperations.unsafeWrap(content);
        return RaftClientRequest.newBuilder()
                .setClientId(clientId)
                .setServerId(to.ratisId())
                .setGroupId(RaftGroupId.valueOf(group.value()))
                .setCallId(call)
                .setMessage(Message.valueOf(bytes))
                .setType(type)
                .build();
    }

    private static Duration capped(Duration limit) {
        return limit.compareTo(LIMIT_MAX) > 0 ? LIMIT_MAX : limit;
    }

    static RaftNodeException unavailable(String what, Throwable problem) {
        return new RaftNodeException(Kind.UNAVAILABLE, what + ": " + problem.getMessage(), problem);
    }

    static Throwable unwrap(Throwable problem) {
        return problem instanceof CompletionException && problem.getCause() != null ? problem.getCause() : problem;
    }

    /** What a reply says went wrong; Ratis' own decoder would deserialize objects that the other side chose. */
    static String describe(RaftClientReplyProto reply) {
        return switch (reply.getExceptionDetailsCase()) {
            case STATEMACHINEEXCEPTION -> clean(reply.getStateMachineException().getErrorMsg());
            case READEXCEPTION -> clean(reply.getReadException().getErrorMessage());
            case READINDEXEXCEPTION -> clean(reply.getReadIndexException().getErrorMessage());
            case LEADERSTEPPINGDOWNEXCEPTION -> "the leader is stepping down";
            case NOTLEADEREXCEPTION -> "not the leader";
            case LEADERNOTREADYEXCEPTION -> "the leader is not ready";
            case NOTREPLICATEDEXCEPTION,
                    ALREADYCLOSEDEXCEPTION,
                    DATASTREAMEXCEPTION,
                    TRANSFERLEADERSHIPEXCEPTION,
                    EXCEPTIONDETAILS_NOT_SET -> reply.getExceptionDetailsCase().toString();
        };
    }

    private static String clean(String text) {
        byte[] head = text.substring(0, Math.min(text.length(), 500)).getBytes(StandardCharsets.UTF_8);
        return new String(head, StandardCharsets.UTF_8).replaceAll("\\p{Cntrl}+", " ");
    }

    private static List<PeerInfo> sorted(List<PeerInfo> peers) {
        return peers.stream().sorted(PeerInfo.BY_ID).toList();
    }

    static boolean maybeProcessed(Throwable problem) {
        return !(problem instanceof LinkException e)
                || (e.maybeProcessed()
                        && !List.of("GroupMismatchException", "ServerNotReadyException", "ResourceUnavailableException")
                                .contains(e.exceptionType()));
    }
}

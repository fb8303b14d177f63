package io.vmha.node.control;

import com.google.protobuf.InvalidProtocolBufferException;
import io.vmha.node.raft.PeerInfo;
import io.vmha.node.raft.RaftNode;
import io.vmha.proto.v1.AgesOf;
import io.vmha.proto.v1.AppliedIndex;
import io.vmha.proto.v1.PeerReply;
import io.vmha.proto.v1.PeerRequest;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Voters;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/** Asks each voter by itself, all at once, with one short time limit: a dead voter costs one limit, not one limit each. */
final class VoterPanel implements Voters {
    private static final Duration LIMIT = Duration.ofMillis(1_500);
    private static final long ASK_AGAIN_NANOS = 50_000_000;

    private final RaftNode raft;

    VoterPanel(RaftNode raft) {
        this.raft = raft;
    }

    @Override
    public int count() {
        return raft.status().voters().voters().size();
    }

    @Override
    public SortedMap<String, SortedMap<HostName, Long>> ages(SortedSet<HostName> hosts) {
        var question = PeerRequest.newBuilder()
                .setAges(AgesOf.newBuilder()
                        .addAllHosts(hosts.stream().map(HostName::value).toList()))
                .build();
        var ages = new TreeMap<String, SortedMap<HostName, Long>>();
        askAll(question, reply -> true).forEach((voter, reply) -> {
            var byHost = new TreeMap<HostName, Long>();
            reply.getAgeMsMap().forEach((host, age) -> byHost.put(new HostName(host), age));
            ages.put(voter, byHost);
        });
        return ages;
    }

    /** Asks again until a majority has applied it or the limit is over: followers learn of a commit a moment after the leader. */
    @Override
    public List<String> appliedAtLeast(long index) {
        var question = PeerRequest.newBuilder()
                .setApplied(AppliedIndex.getDefaultInstance())
                .build();
        long untilMs = Clocks.nowMs() + LIMIT.toMillis();
        while (true) {
            List<String> applied = askAll(question, reply -> reply.getAppliedIndex() >= index).entrySet().stream()
                    .filter(answer -> answer.getValue().getAppliedIndex() >= index)
                    .map(Map.Entry::getKey)
                    .toList();
            if (applied.size() * 2 > count()
                    || Clocks.nowMs() >= untilMs
                    || Thread.currentThread().isInterrupted()) {
                return applied;
            }
            LockSupport.parkNanos(ASK_AGAIN_NANOS);
        }
    }

    /**
     * The answers by the voters' host names. Returns when a majority has given an answer that counts, or at the time limit: nobody waits for
     * a dead voter whose word is not needed.
     */
    private Map<String, PeerReply> askAll(PeerRequest question, Predicate<PeerReply> counts) {
        byte[] bytes = question.toByteArray();
        List<PeerInfo> voters = raft.status().voters().voters();
        Map<String, PeerReply> answers = new ConcurrentSkipListMap<>();
        var enough = new CompletableFuture<Void>();
        var counted = new AtomicInteger();
        CompletableFuture<?>[] asked = voters.stream()
                .map(voter -> raft.ask(voter, bytes, LIMIT)
                        .thenAccept(reply -> parse(reply).ifPresent(answer -> {
                            answers.put(voter.id().nodeName(), answer);
                            if (counts.test(answer) && counted.incrementAndGet() * 2 > voters.size()) {
                                enough.complete(null);
                            }
                        }))
                        .exceptionally(unanswered -> null))
                .toArray(CompletableFuture[]::new);
        CompletableFuture.anyOf(enough, CompletableFuture.allOf(asked)).join();
        return new TreeMap<>(answers);
    }

    static Optional<PeerReply> parse(byte[] reply) {
        try {
            return Optional.of(PeerReply.parseFrom(reply));
        } catch (InvalidProtocolBufferException e) {
            return Optional.empty();
        }
    }
}

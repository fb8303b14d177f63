package io.vmha.node.control;

import com.google.protobuf.InvalidProtocolBufferException;
import io.vmha.node.observe.Observatory;
import io.vmha.node.raft.PeerInfo;
import io.vmha.node.raft.RaftNode;
import io.vmha.node.raft.VoterSet;
import io.vmha.proto.v1.AgesOf;
import io.vmha.proto.v1.AppliedIndex;
import io.vmha.proto.v1.Holders;
import io.vmha.proto.v1.Observe;
import io.vmha.proto.v1.PeerReply;
import io.vmha.proto.v1.PeerRequest;
import io.vmha.proto.v1.Running;
import io.vmha.proto.v1.StatementOf;
import io.vmha.recovery.core.AgeStatement;
import io.vmha.recovery.core.BootStatement;
import io.vmha.recovery.core.Guests;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.LeaseTiming;
import io.vmha.recovery.core.ServerId;
import io.vmha.recovery.core.Sighting;
import io.vmha.recovery.core.Testimony;
import io.vmha.recovery.core.Voters;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks each voter by itself, all at once, with one short time limit: a dead voter costs one limit, not one limit each. */
final class VoterPanel implements Voters, Guests {
    private static final Logger LOG = LoggerFactory.getLogger(VoterPanel.class);
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
            ages.put(voter.id().nodeName(), byHost);
        });
        return ages;
    }

    @Override
    public List<AgeStatement> statements(HostName host, long epoch) {
        var question = PeerRequest.newBuilder()
                .setStatement(StatementOf.newBuilder().setHost(host.value()).setEpoch(epoch))
                .build();
        return askAll(question, reply -> reply.getStatement().getAgeMs() >= LeaseTiming.DEFAULT.sealAfterMs())
                .entrySet()
                .stream()
                .filter(e -> e.getValue().hasStatement())
                .map(e -> statement(e.getKey(), host, epoch, e.getValue()))
                .toList();
    }

    private static AgeStatement statement(PeerInfo voter, HostName host, long epoch, PeerReply reply) {
        var said = reply.getStatement();
        return new AgeStatement(
                voter.id().value(),
                host,
                epoch,
                said.getConfiguration(),
                reply.getAppliedIndex(),
                said.getAgeMs(),
                said.getSealed(),
                said.getUnarmed());
    }

    @Override
    public Testimony observe(SortedSet<HostName> hosts, SortedSet<HostName> alsoLookAt) {
        var question = PeerRequest.newBuilder()
                .setObserve(Observe.newBuilder()
                        .addAllHosts(hosts.stream().map(HostName::value).toList())
                        .addAllAlsoLookAt(
                                alsoLookAt.stream().map(HostName::value).toList()))
                .build();
        var sightings = new ArrayList<Sighting>();
        var boots = new ArrayList<BootStatement>();
        askAll(question, reply -> true).forEach((voter, reply) -> {
            reply.getSightingsList().forEach(note -> sightings.add(Observatory.sighting(note)));
            reply.getBootsList()
                    .forEach(note -> boots.add(new BootStatement(
                            voter.id().value(), new HostName(note.getHost()), note.getBootId(), note.getAgeMs())));
        });
        return new Testimony(sightings, boots);
    }

    /** By this node's own voter, which every host tells once a second. One that does not answer knows of nobody. */
    @Override
    public Guests.Words wordsOf(Collection<ServerId> guests) {
        var question = PeerRequest.newBuilder()
                .setRunning(Running.newBuilder()
                        .addAllAsked(guests.stream().map(ServerId::value).toList()))
                .build();
        var holders = new TreeMap<ServerId, SortedSet<HostName>>();
        var speaking = new TreeSet<HostName>();
        try {
            byte[] bytes = raft.ask(raft.self(), question.toByteArray(), LIMIT).join();
            parse(bytes).ifPresent(reply -> {
                for (Holders note : reply.getHoldersList()) {
                    var hosts = new TreeSet<HostName>();
                    note.getHostsList().forEach(host -> hosts.add(new HostName(host)));
                    holders.put(new ServerId(note.getGuest()), hosts);
                }
                reply.getSpeakingList().forEach(host -> speaking.add(new HostName(host)));
            });
        } catch (CompletionException e) {
            LOG.debug("own voter does not say what runs where why=\"{}\"", e.toString());
        }
        return new Guests.Words(holders, speaking);
    }

    @Override
    public List<String> appliedAtLeast(long index) {
        return applied(index).stream().map(voter -> voter.id().nodeName()).toList();
    }

    @Override
    public List<String> peersAppliedAtLeast(long index) {
        return applied(index).stream().map(voter -> voter.id().value()).toList();
    }

    /** Asks again until a majority has applied it or the limit is over: followers learn of a commit a moment after the leader. */
    private List<PeerInfo> applied(long index) {
        var question = PeerRequest.newBuilder()
                .setApplied(AppliedIndex.getDefaultInstance())
                .build();
        long untilMs = Clocks.nowMs() + LIMIT.toMillis();
        while (true) {
            List<PeerInfo> applied = askAll(question, reply -> reply.getAppliedIndex() >= index).entrySet().stream()
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
     * The answers by voter, those on their way out included. Returns when a majority has given an answer that counts, or at the time limit: nobody waits for
     * a dead voter whose word is not needed.
     */
    private Map<PeerInfo, PeerReply> askAll(PeerRequest question, Predicate<PeerReply> counts) {
        byte[] bytes = question.toByteArray();
        VoterSet electorate = raft.status().voters();
        var voters = new TreeSet<>(PeerInfo.BY_ID);
        voters.addAll(electorate.voters());
        voters.addAll(electorate.outgoing());
        Map<PeerInfo, PeerReply> answers = new ConcurrentSkipListMap<>(PeerInfo.BY_ID);
        var enough = new CompletableFuture<Void>();
        var counted = new AtomicInteger();
        CompletableFuture<?>[] asked = voters.stream()
                .map(voter -> raft.ask(voter, bytes, LIMIT)
                        .thenAccept(reply -> parse(reply).ifPresent(answer -> {
                            answers.put(voter, answer);
                            if (counts.test(answer) && counted.incrementAndGet() * 2 > voters.size()) {
                                enough.complete(null);
                            }
                        }))
                        .exceptionally(unanswered -> null))
                .toArray(CompletableFuture[]::new);
        CompletableFuture.anyOf(enough, CompletableFuture.allOf(asked)).join();
        var heard = new TreeMap<PeerInfo, PeerReply>(PeerInfo.BY_ID);
        heard.putAll(answers);
        return heard;
    }

    static Optional<PeerReply> parse(byte[] reply) {
        try {
            return Optional.of(PeerReply.parseFrom(reply));
        } catch (InvalidProtocolBufferException e) {
            return Optional.empty();
        }
    }
}

package io.vmha.node.raft;

import io.vmha.node.raft.Hearing.Advice;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.proto.RaftProtos.FollowerInfoProto;
import org.apache.ratis.proto.RaftProtos.RaftRpcRequestProto;
import org.apache.ratis.proto.RaftProtos.StartLeaderElectionRequestProto;
import org.apache.ratis.proto.RaftProtos.TermIndexProto;
import org.apache.ratis.rpc.CallId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.RaftServerRpcWithProxy;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.util.ProtoUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out soon that the leader is gone, and has one voter succeed it at once.
 *
 * <p>Ratis alone takes one to four election timeouts: a follower sleeps a random timeout, looks, and sleeps another one. And it may
 * take ten more seconds, because votes are asked for over connections that sit in gRPC's back-off if the voter they lead to was down
 * a while ago, and only the log appender ever resets that. Here a follower looks twenty times a second. It counts its leader as lost
 * if the leader's host refuses connections to its port (the process is gone), or if the leader has been silent for {@value
 * #PATIENCE_PERCENT} % of the election timeout. Then it asks the others, and if a majority has lost it too, the one with the longest
 * log stands for election, over fresh connections. Ratis' own elections remain underneath for every case that this does not see.
 *
 * <p>Nothing here can break Raft: an election that should not have been held costs a leader, never an entry.
 *
 * <p>All methods are called on the watch's thread, except {@link #hearing}.
 */
final class Succession {
    private static final Logger LOG = LoggerFactory.getLogger(Succession.class);
    /** Above what a leader's pause of half an election timeout makes of heartbeats that come every half one. */
    static final int PATIENCE_PERCENT = 120;

    private static final long PROBE_PAUSE_MS = 100;
    private static final long PROBE_SILENCE_MS = 50;
    private static final long ASK_PAUSE_MS = 150;
    private static final long STAND_PAUSE_MS = 1_000;
    private static final Duration ASK_LIMIT = Duration.ofMillis(400);
    private static final long RESET_LIMIT_MS = 150;

    private final PeerInfo self;
    private final Watch.Neighbours neighbours;
    private final Executor thread;
    private final long patienceMs;
    private final long resetPauseMs;

    /** The leader whose port was refused, and when; read by those who ask. */
    private volatile Optional<Refusal> refusal = Optional.empty();

    private Optional<PeerInfo> known = Optional.empty();
    private boolean probing;
    private boolean asking;
    private long nextProbeMs;
    private long nextAskMs;
    private long nextResetMs;

    private record Refusal(PeerId leader, long atMs) {}

    /** @param thread the watch's thread, to which answers are posted */
    Succession(PeerInfo self, Watch.Neighbours neighbours, Duration electionTimeout, Executor thread) {
        this.self = self;
        this.neighbours = neighbours;
        this.thread = thread;
        this.patienceMs = electionTimeout.toMillis() * PATIENCE_PERCENT / 100;
        this.resetPauseMs = electionTimeout.toMillis();
    }

    /** Looks at the leader. */
    void look(RaftServer server, RaftServer.Division division, VoterSet voters) {
        long nowMs = nowMs();
        if (!division.getInfo().isFollower() || voters.joint() || !voters.contains(self.id())) {
            known = Optional.empty();
            refusal = Optional.empty();
            return;
        }
        Optional<PeerInfo> leader = LogMachine.leader(division);
        long silentMs = silentMs(division);
        if (leader.isPresent()) {
            boolean heardSince =
                    refusal.filter(r -> silentMs < nowMs - r.atMs()).isPresent();
            if (heardSince || !leader.equals(known)) {
                refusal = Optional.empty();
            }
            known = leader;
        }
        if (known.isEmpty()) {
            freshConnections(server, voters, nowMs);
            return;
        }
        if (refusal.isEmpty()) {
            probe(known.get(), silentMs, nowMs);
        }
        if (refusal.isPresent() || leader.isEmpty() || silentMs >= patienceMs) {
            ask(server, division, voters, nowMs);
            freshConnections(server, voters, nowMs);
        }
    }

    /** What this server has heard of its leader; any thread. */
    Hearing hearing(RaftServer.Division division) {
        Optional<PeerId> leader = LogMachine.leader(division).map(PeerInfo::id);
        TermIndex last = division.getRaftLog().getLastEntryTermIndex();
        return new Hearing(
                self.id(),
                division.getInfo().isLeader(),
                division.getInfo().getCurrentTerm(),
                leader,
                silentMs(division),
                refusal.filter(r -> leader.equals(Optional.of(r.leader()))).isPresent(),
                last == null ? LogPosition.NONE : new LogPosition(last.getTerm(), last.getIndex()));
    }

    /** A connection that broke is the first sign of a process that ended; only a refusal proves it. */
    private void probe(PeerInfo leader, long silentMs, long nowMs) {
        boolean broken = !neighbours.isConnected(leader);
        if (probing || nowMs < nextProbeMs || silentMs < PROBE_SILENCE_MS || (!broken && silentMs < patienceMs)) {
            return;
        }
        probing = true;
        nextProbeMs = nowMs + PROBE_PAUSE_MS;
        var unused = neighbours
                .refuses(leader)
                .whenCompleteAsync(
                        (refuses, problem) -> {
                            probing = false;
                            if (problem == null && refuses && known.equals(Optional.of(leader))) {
                                LOG.info("raft leader's port is closed leader={} self={}", leader, self);
                                refusal = Optional.of(new Refusal(leader.id(), nowMs()));
                            }
                        },
                        thread);
    }

    private void ask(RaftServer server, RaftServer.Division division, VoterSet voters, long nowMs) {
        if (asking || nowMs < nextAskMs) {
            return;
        }
        asking = true;
        nextAskMs = nowMs + ASK_PAUSE_MS;
        PeerInfo lost = known.orElseThrow();
        GroupId group = new GroupId(division.getMemberId().getGroupId().getUuid());
        List<CompletableFuture<Optional<Hearing>>> answers = voters.voters().stream()
                .filter(v -> !v.id().equals(self.id()) && !v.id().equals(lost.id()))
                .map(v -> neighbours
                        .hearing(group, v, ASK_LIMIT)
                        .thenApply(Optional::of)
                        .exceptionally(unanswered -> Optional.empty()))
                .toList();
        var unused = CompletableFuture.allOf(answers.toArray(CompletableFuture<?>[]::new))
                .whenCompleteAsync(
                        (done, problem) -> {
                            asking = false;
                            List<Hearing> heard = answers.stream()
                                    .flatMap(a -> a.join().stream())
                                    .toList();
                            decide(server, division, voters, lost, heard);
                        },
                        thread);
    }

    private void decide(
            RaftServer server, RaftServer.Division division, VoterSet voters, PeerInfo lost, List<Hearing> heard) {
        Hearing own = hearing(division);
        boolean stillLost = division.getInfo().isFollower()
                && own.leader().map(l -> l.equals(lost.id())).orElse(true);
        if (!stillLost) {
            return;
        }
        Advice advice = own.advice(lost.id(), heard, voters.voters().size(), patienceMs);
        LOG.debug("raft succession advice={} own={} others={}", advice, own, heard);
        // who has just voted knows no leader of that term yet: it must not come between
        boolean electing = own.leader().isEmpty() && own.last().term() != own.term();
        if (advice == Advice.STAND && !electing) {
            nextAskMs = nowMs() + STAND_PAUSE_MS;
            LOG.info(
                    "raft leader is lost, standing for election lost={} silent_ms={} port_closed={} term={} self={}",
                    lost,
                    own.silentMs(),
                    own.refused(),
                    own.term(),
                    self);
            var unused = reset(server, voters, lost)
                    .completeOnTimeout(null, RESET_LIMIT_MS, TimeUnit.MILLISECONDS)
                    .thenRunAsync(() -> stand(server, division, lost, own), thread);
        }
    }

    private void stand(RaftServer server, RaftServer.Division division, PeerInfo lost, Hearing own) {
        if (own.last().term() != own.term()) { // the public call wants an entry of this term
            if (!Candidacy.stand(division, own.term())) {
                LOG.debug("raft election not started, another term has begun self={}", self);
            }
            return;
        }
        RaftRpcRequestProto addressed = RaftRpcRequestProto.newBuilder()
                .setRequestorId(ByteString.copyFromUtf8(lost.id().value()))
                .setReplyId(ByteString.copyFromUtf8(self.id().value()))
                .setRaftGroupId(ProtoUtils.toRaftGroupIdProtoBuilder(
                        division.getMemberId().getGroupId()))
                .setCallId(CallId.getAndIncrement())
                .build();
        TermIndexProto last = TermIndexProto.newBuilder()
                .setTerm(own.last().term())
                .setIndex(own.last().index())
                .build();
        try {
            server.startLeaderElection(StartLeaderElectionRequestProto.newBuilder()
                    .setServerRequest(addressed)
                    .setLeaderLastEntry(last)
                    .build());
        } catch (IOException | IllegalStateException e) {
            LOG.warn("raft election not started, Ratis will start one why=\"{}\"", e.toString());
        }
    }

    /** While there is no leader, Ratis' own elections should not wait for gRPC's back-off either. */
    private void freshConnections(RaftServer server, VoterSet voters, long nowMs) {
        if (nowMs < nextResetMs || voters.voters().size() < 2) {
            return;
        }
        nextResetMs = nowMs + resetPauseMs;
        var unused = reset(server, voters, self);
    }

    /** Closing a connection may take seconds if it is in use; the new one is in place before that. */
    private CompletableFuture<Void> reset(RaftServer server, VoterSet voters, PeerInfo but) {
        if (!(server.getServerRpc() instanceof RaftServerRpcWithProxy<?, ?> rpc)) {
            return CompletableFuture.completedFuture(null);
        }
        return CompletableFuture.allOf(voters.voters().stream()
                .filter(v -> !v.id().equals(self.id()) && !v.id().equals(but.id()))
                .map(v -> CompletableFuture.runAsync(() -> rpc.getProxies().resetProxy(v.ratisId())))
                .toArray(CompletableFuture<?>[]::new));
    }

    private static long silentMs(RaftServer.Division division) {
        FollowerInfoProto follower = division.getInfo().getRoleInfoProto().getFollowerInfo();
        boolean writing = follower.getOutstandingOp() > 0; // its entries are just being written: slow, but not silent
        return writing ? 0 : follower.getLeaderInfo().getLastRpcElapsedTimeMs();
    }

    /** The watch's clock. */
    static long nowMs() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
    }
}

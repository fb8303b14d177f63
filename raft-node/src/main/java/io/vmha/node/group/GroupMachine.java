package io.vmha.node.group;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.vmha.node.kv.KvCommand.Request;
import io.vmha.node.raft.LogPosition;
import io.vmha.node.raft.PeerInfo;
import io.vmha.node.raft.PromiseFile;
import io.vmha.node.raft.Replicated;
import io.vmha.node.raft.VoterSet;
import io.vmha.proto.v1.Claim;
import io.vmha.proto.v1.Configuration;
import io.vmha.proto.v1.DoubleRun;
import io.vmha.proto.v1.Holders;
import io.vmha.proto.v1.KvQuestion;
import io.vmha.proto.v1.LogReply;
import io.vmha.proto.v1.Observe;
import io.vmha.proto.v1.PeerReply;
import io.vmha.proto.v1.PeerRequest;
import io.vmha.proto.v1.Renew;
import io.vmha.proto.v1.Running;
import io.vmha.proto.v1.Statement;
import io.vmha.proto.v1.StatementOf;
import io.vmha.recovery.core.AgeStatement;
import io.vmha.recovery.core.Applied;
import io.vmha.recovery.core.Arming;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.DoubleRuns;
import io.vmha.recovery.core.Electorate;
import io.vmha.recovery.core.Entry;
import io.vmha.recovery.core.FeatureLevel;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.LeaseVoter;
import io.vmha.recovery.core.LevelCommand;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.ServerId;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Applies the log to the recovery state, and answers what is asked of this voter alone. All calls are serialised by the Raft node, so that
 * checking a seal, noting a renewal and answering it is one step with respect to applying a certificate (S3).
 */
public final class GroupMachine implements Replicated {
    private static final Logger LOG = LoggerFactory.getLogger(GroupMachine.class);
    /** All that a voter keeps: a host of which nothing is said passes for one that has just renewed, and is never missed. */
    private static final int HOSTS_ASKED_MAX = LeaseVoter.HOSTS_MAX;

    private static final int GUESTS_ASKED_MAX = 1_000;
    private static final int GUEST_ID_MAX = 64;
    private static final byte[] HOW_FAR = {2};
    /** No message of a question about keys begins so. */
    private static final byte STATE_AFTER = 3;

    private final StateCodec codec;
    private final KvMachine kv;
    private final LongSupplier nowMs;
    private final Consumer<RecoveryState> published;
    private final LeaseVoter renewals = new LeaseVoter();
    private Optional<PromiseFile> promises = Optional.empty();
    private final DoubleRuns doubleRuns = new DoubleRuns();
    private final LevelsHeard levels = new LevelsHeard();
    private final SnapshotParts snapshots = new SnapshotParts();
    private RecoveryState state = RecoveryState.empty();
    private long appliedIndex;
    private long kept;
    private volatile String leaderHost = "";
    private volatile Optional<Witness> witness = Optional.empty();

    /**
     * @param nowMs a monotonic clock in milliseconds that counts through suspend
     * @param published is handed every new state, on the thread that applied it; it must not block
     */
    public GroupMachine(StateCodec codec, KvMachine kv, LongSupplier nowMs, Consumer<RecoveryState> published) {
        this.codec = codec;
        this.kv = kv;
        this.nowMs = nowMs;
        this.published = published;
    }

    /** A linearizable question for the index of the newest entry that the answering voter has applied, as a {@link PeerReply}. */
    public static byte[] howFar() {
        return HOW_FAR.clone();
    }

    /** A linearizable question for the state, if it is newer than the one that was applied here; the answer is empty if it is not. */
    public static byte[] stateAfter(long index) {
        return ByteBuffer.allocate(1 + Long.BYTES)
                .put(STATE_AFTER)
                .putLong(index)
                .array();
    }

    /** What a voter says as a witness besides its own clock; none of it touches the state. */
    public interface Witness {
        /** A host of the AZ has renewed. */
        void onRenewal(HostName host, Renew renewal, PeerReply.Builder reply);

        /** A leader asks what this node and the observers see. */
        void observe(Observe question, PeerReply.Builder reply);
    }

    /** Who answers for what this node sees of other hosts. */
    public void witness(Witness itsWitness) {
        witness = Optional.of(itsWitness);
    }

    /** The leader that this server knows of, by its host's name, for those who ask; empty if none. Any thread. */
    public void onLeader(String host) {
        leaderHost = host;
    }

    @Override
    public void promised(PromiseFile file) {
        promises = Optional.of(file);
        renewals.forget();
        renewals.promised(SealLines.parse(file.read().orElse("")));
    }

    @Override
    public void reset() {
        renewals.restart();
        appliedIndex = 0;
        kv.restore(0, Optional.empty());
        publish(RecoveryState.empty());
    }

    /** Tries it on the state as it is now: whoever reaches the Raft port can send anything. */
    @Override
    public Optional<String> objection(byte[] entry) {
        try {
            Optional<Request> request = codec.kvRequest(entry);
            if (request.isPresent()) {
                return kv.objection(request.get());
            }
            Command command = codec.decode(entry);
            Entry here = state.applied();
            if (command instanceof LevelCommand) {
                // a build that knows of no levels stops at it, whether it is refused or not
                return state.apply(new Entry(here.term(), here.index() + 1), command)
                        .refusal();
            }
            state.apply(new Entry(command.term() == 0 ? here.term() : command.term(), here.index() + 1), command);
            return FeatureLevel.objection(state, command);
        } catch (RuntimeException e) {
            if (Long.bitCount(++kept) == 1) { // the first, the second, the fourth: a stranger may go on for ever
                LOG.warn("command kept out of the log kept_out_so_far={} why=\"{}\"", kept, e.toString());
            }
            return Optional.of("not a command that can be applied: " + e.getMessage());
        }
    }

    @Override
    public byte[] apply(LogPosition at, byte[] entry) {
        appliedIndex = at.index();
        Optional<Request> request = codec.kvRequest(entry);
        if (request.isPresent()) {
            return KvCodec.encode(kv.apply(at.term(), at.index(), request.get()))
                    .toByteArray();
        }
        var command = codec.decode(entry);
        Applied applied = state.apply(new Entry(at.term(), at.index()), command);
        codec.requireUnderstood(applied.state());
        applied.refusal()
                .ifPresent(why -> LOG.info(
                        "command refused command={} index={} why=\"{}\"",
                        command.getClass().getSimpleName(),
                        at.index(),
                        why));
        publish(applied.state());
        return LogReply.newBuilder()
                .setTerm(at.term())
                .setIndex(at.index())
                .setRefusal(applied.refusal().orElse(""))
                .build()
                .toByteArray();
    }

    @Override
    public void configured(LogPosition at, VoterSet configuration) {
        appliedIndex = at.index();
        publish(state.configured(
                new Entry(at.term(), at.index()),
                new Electorate(ids(configuration.voters()), ids(configuration.outgoing()), at.index())));
    }

    private static SortedSet<String> ids(List<PeerInfo> peers) {
        var ids = new TreeSet<String>();
        peers.forEach(peer -> ids.add(peer.id().value()));
        return ids;
    }

    @Override
    public byte[] snapshot() {
        return codec.encode(state, kv.content());
    }

    @Override
    public void restore(LogPosition at, byte[] snapshot) {
        appliedIndex = at.index();
        StateCodec.GroupState all = codec.decodeSnapshot(snapshot);
        kv.restore(at.index(), all.kv());
        publish(all.recovery());
    }

    /** The whole state, or one of the other questions of this class; or the answer of the keys to a question about them. */
    @Override
    public byte[] query(byte[] request) {
        if (Arrays.equals(request, HOW_FAR)) {
            return PeerReply.newBuilder().setAppliedIndex(appliedIndex).build().toByteArray();
        }
        if (request.length == 1 + Long.BYTES && request[0] == STATE_AFTER) {
            boolean newer = state.applied().index() > ByteBuffer.wrap(request).getLong(1);
            return newer ? codec.encode(state) : new byte[0];
        }
        if (request.length > 0) {
            return kv.answer(kvQuestion(request)).toByteArray();
        }
        return codec.encode(state);
    }

    @Override
    public byte[] peerQuery(byte[] request, Standing standing) {
        PeerRequest question;
        try {
            question = PeerRequest.parseFrom(request);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalArgumentException("not a question that a voter answers: " + e.getMessage(), e);
        }
        var reply = PeerReply.newBuilder()
                .setAppliedIndex(standing.applied().index())
                .setTerm(standing.applied().term())
                .setLeaderHost(leaderHost);
        switch (question.getQuestionCase()) {
            case RENEW -> {
                renew(question.getRenew(), standing, reply);
                runningWith(question.getRenew(), reply);
                if (reply.getKnown()) {
                    var host = new HostName(question.getRenew().getHost());
                    witness.ifPresent(w -> w.onRenewal(host, question.getRenew(), reply));
                }
            }
            case OBSERVE -> witness.ifPresent(w -> w.observe(question.getObserve(), reply));
            case AGES -> {
                question.getAges().getHostsList().stream()
                        .limit(HOSTS_ASKED_MAX)
                        .forEach(host -> reply.putAgeMs(host, renewals.ageMs(nowMs.getAsLong(), new HostName(host))));
                renewals.claims()
                        .forEach((host, said) -> reply.putClaims(
                                host.value(),
                                Claim.newBuilder()
                                        .setArmed(said.armed())
                                        .setDetail(said.detail())
                                        .setBootId(said.boot())
                                        .build()));
                if (question.getAges().getLevels()) {
                    levels.said(nowMs.getAsLong()).forEach((host, level) -> reply.putLevels(host.value(), level));
                }
            }
            case RUNNING -> running(question.getRunning(), reply);
            case STATEMENT -> state(question.getStatement(), standing, reply);
            case STATE -> {
                if (state.applied().index() > question.getState().getIndex()) {
                    reply.setState(ByteString.copyFrom(codec.encode(state)));
                }
            }
            case APPLIED -> LOG.trace("applied index asked");
            case KV -> reply.setKv(kv.answer(question.getKv()));
            case SNAPSHOT ->
                reply.setSnapshot(
                        snapshots.answer(nowMs.getAsLong(), question.getSnapshot(), standing, this::snapshot));
            case QUESTION_NOT_SET -> throw new IllegalArgumentException("an empty question");
        }
        return reply.build().toByteArray();
    }

    private static KvQuestion kvQuestion(byte[] request) {
        try {
            return KvQuestion.parseFrom(request);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalArgumentException("not a question about keys or sessions: " + e.getMessage(), e);
        }
    }

    /** Serialised by the caller, like everything here: no seal can be applied between the check and the note. */
    private void renew(Renew renewal, Standing standing, PeerReply.Builder reply) {
        snapshots.onTime(nowMs.getAsLong());
        levels.onRenewal(nowMs.getAsLong(), new HostName(renewal.getHost()), renewal.getLevel());
        var claim = new Arming(
                renewal.getClaim().getArmed(),
                renewal.hasClaim() ? renewal.getClaim().getDetail() : Arming.UNREPORTED.detail());
        LeaseVoter.Reply said = renewals.onRenewal(
                nowMs.getAsLong(),
                new HostName(renewal.getHost()),
                renewal.getEpoch(),
                claim,
                renewal.getBootId(),
                renewal.getSaidAtMs());
        reply.setKnown(said.known())
                .setSealed(said.sealed())
                .setAnswered(said.answered())
                .setEpoch(said.epoch())
                .setProofs(state.az().map(az -> az.proofs().toString()).orElse(""))
                .setConfiguration(Configuration.newBuilder()
                        .addAllVoters(ids(standing.voters().voters()))
                        .addAllOutgoing(ids(standing.voters().outgoing()))
                        .setIndex(standing.voters().index()));
    }

    private void runningWith(Renew renewal, PeerReply.Builder reply) {
        if (renewal.hasRunning() && !renewal.getHost().isEmpty()) {
            var said =
                    renewal.getRunning().toBuilder().setHost(renewal.getHost()).setEpoch(renewal.getEpoch());
            running(said.build(), reply);
            reply.setRunningNoted(true);
        }
    }

    /** S12: a host is told what it must stop; whoever asks for all, what runs twice. */
    private void running(Running said, PeerReply.Builder reply) {
        long now = nowMs.getAsLong();
        Optional<HostName> host =
                said.getHost().isEmpty() ? Optional.empty() : Optional.of(new HostName(said.getHost()));
        if (host.isPresent() && state.hosts().containsKey(host.get())) {
            doubleRuns.onGuests(
                    now,
                    host.get(),
                    said.getGuestsList().stream()
                            .filter(id -> !id.isBlank() && id.length() <= GUEST_ID_MAX)
                            .map(ServerId::new)
                            .toList());
            if (said.getComplete()) {
                doubleRuns.onComplete(now, host.get());
            }
        }
        said.getAskedList().stream()
                .limit(GUESTS_ASKED_MAX)
                .filter(id -> !id.isBlank() && id.length() <= GUEST_ID_MAX)
                .forEach(id -> reply.addHolders(Holders.newBuilder()
                        .setGuest(id)
                        .addAllHosts(doubleRuns.holders(now, new ServerId(id)).stream()
                                .map(HostName::value)
                                .toList())));
        if (said.getAskedCount() > 0) {
            doubleRuns.speaking(now).forEach(h -> reply.addSpeaking(h.value()));
        }
        host.map(h -> doubleRuns.mustStop(now, state, h, said.getEpoch()))
                .orElseGet(() -> doubleRuns.found(now))
                .forEach((guest, hosts) -> reply.addDoubleRuns(DoubleRun.newBuilder()
                        .setGuest(guest.value())
                        .addAllHosts(hosts.stream().map(HostName::value).toList())));
    }

    private void state(StatementOf about, Standing standing, PeerReply.Builder reply) {
        AgeStatement said = renewals.statement(
                nowMs.getAsLong(), standing.self().value(), new HostName(about.getHost()), about.getEpoch());
        reply.setStatement(Statement.newBuilder()
                .setConfiguration(said.configuration())
                .setAgeMs(said.ageMs())
                .setSealed(said.sealed())
                .setUnarmed(said.unarmed()));
    }

    /** A seal is on disk before anybody learns that it is applied here (S4). */
    private void publish(RecoveryState next) {
        state = next;
        doubleRuns.keepOnly(next.hosts().keySet());
        levels.onState(next);
        renewals.onState(nowMs.getAsLong(), next)
                .ifPresent(seals -> promises.ifPresent(file -> file.write(SealLines.write(seals))));
        published.accept(next);
    }
}

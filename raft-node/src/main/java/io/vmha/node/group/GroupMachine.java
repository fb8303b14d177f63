package io.vmha.node.group;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.vmha.node.raft.LogPosition;
import io.vmha.node.raft.Replicated;
import io.vmha.node.raft.VoterSet;
import io.vmha.proto.v1.LogReply;
import io.vmha.proto.v1.PeerReply;
import io.vmha.proto.v1.PeerRequest;
import io.vmha.recovery.core.Applied;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.Entry;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.HostRecord;
import io.vmha.recovery.core.RecoveryState;
import java.util.Optional;
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
    private static final int HOSTS_ASKED_MAX = 1_000;

    private final StateCodec codec;
    private final LongSupplier nowMs;
    private final Consumer<RecoveryState> published;
    private final RenewalTable renewals;
    private RecoveryState state = RecoveryState.empty();
    private long kept;
    private VoterSet voters = VoterSet.NONE;
    private volatile String leaderHost = "";

    /**
     * @param nowMs a monotonic clock in milliseconds
     * @param published is handed every new state, on the thread that applied it; it must not block
     */
    public GroupMachine(StateCodec codec, LongSupplier nowMs, Consumer<RecoveryState> published) {
        this.codec = codec;
        this.nowMs = nowMs;
        this.published = published;
        this.renewals = new RenewalTable(nowMs.getAsLong());
    }

    /** The leader that this server knows of, by its host's name, for those who ask; empty if none. Any thread. */
    public void onLeader(String host) {
        leaderHost = host;
    }

    @Override
    public void reset() {
        publish(RecoveryState.empty());
    }

    /** Tries it on the state as it is now: whoever reaches the Raft port can send anything. */
    @Override
    public Optional<String> objection(byte[] entry) {
        try {
            Command command = codec.decode(entry);
            Entry here = state.applied();
            state.apply(new Entry(command.term() == 0 ? here.term() : command.term(), here.index() + 1), command);
            return Optional.empty();
        } catch (RuntimeException e) {
            if (Long.bitCount(++kept) == 1) { // the first, the second, the fourth: a stranger may go on for ever
                LOG.warn("command kept out of the log kept_out_so_far={} why=\"{}\"", kept, e.toString());
            }
            return Optional.of("not a command that can be applied: " + e.getMessage());
        }
    }

    @Override
    public byte[] apply(LogPosition at, byte[] entry) {
        var command = codec.decode(entry);
        Applied applied = state.apply(new Entry(at.term(), at.index()), command);
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
        if (!configuration.voters().equals(voters.voters()) || configuration.joint() != voters.joint()) {
            renewals.onConfiguration(nowMs.getAsLong());
        }
        voters = configuration;
        publish(new RecoveryState(
                new Entry(at.term(), at.index()), state.az(), state.hosts(), state.incidents(), state.nextIncident()));
    }

    @Override
    public byte[] snapshot() {
        return codec.encode(state);
    }

    @Override
    public void restore(LogPosition at, byte[] snapshot) {
        publish(codec.decodeState(snapshot));
    }

    @Override
    public byte[] query(byte[] request) {
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
            case RENEW ->
                renew(
                        new HostName(question.getRenew().getHost()),
                        question.getRenew().getEpoch(),
                        reply);
            case AGES ->
                question.getAges().getHostsList().stream()
                        .limit(HOSTS_ASKED_MAX)
                        .forEach(host -> reply.putAgeMs(host, renewals.ageMs(nowMs.getAsLong(), new HostName(host))));
            case STATE -> {
                if (state.applied().index() > question.getState().getIndex()) {
                    reply.setState(ByteString.copyFrom(codec.encode(state)));
                }
            }
            case APPLIED -> LOG.trace("applied index asked");
            case QUESTION_NOT_SET -> throw new IllegalArgumentException("an empty question");
        }
        return reply.build().toByteArray();
    }

    /** Serialised by the caller, like everything here: no certificate can be applied between the check and the note. */
    private void renew(HostName host, long epoch, PeerReply.Builder reply) {
        HostRecord record = state.hosts().get(host);
        boolean sealed = record != null && state.isCertified(host, epoch == 0 ? record.epoch() : epoch);
        reply.setKnown(record != null && state.isEnabled())
                .setSealed(sealed)
                .setEpoch(record == null ? 0 : record.epoch());
        if (record != null && !sealed && (epoch == 0 || epoch == record.epoch())) {
            renewals.onAnswered(nowMs.getAsLong(), host);
        }
    }

    private void publish(RecoveryState next) {
        state = next;
        renewals.keepOnly(next.hosts().keySet());
        published.accept(next);
    }
}

package io.vmha.node.control;

import com.google.protobuf.InvalidProtocolBufferException;
import io.vmha.node.group.GroupMachine;
import io.vmha.node.kv.KvCommand;
import io.vmha.node.kv.KvCommand.Outcome;
import io.vmha.node.kv.KvQuestion;
import io.vmha.node.kv.Value;
import io.vmha.node.raft.GroupClient;
import io.vmha.node.raft.PeerInfo;
import io.vmha.node.raft.RaftNode;
import io.vmha.node.view.Backups;
import io.vmha.node.view.Keys;
import io.vmha.node.view.NodeRequests.Answer;
import io.vmha.node.view.NodeView;
import io.vmha.proto.v1.KvEntry;
import io.vmha.proto.v1.PeerReply;
import io.vmha.proto.v1.PeerRequest;
import io.vmha.proto.v1.SnapshotPart;
import io.vmha.proto.v1.SnapshotPartOf;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Backups of this host's group, whether it votes or not: a linearizable read says how new the snapshot must be, one voter hands it out. */
final class GroupBackups implements Backups {
    private static final Duration ASK_LIMIT = Duration.ofSeconds(5);
    private static final long LIMIT_S = 20;

    private final RaftNode raft;
    private final Renewals renewals;
    private final KvAccess keys;
    private final Supplier<NodeView> view;

    GroupBackups(RaftNode raft, Renewals renewals, KvAccess keys, Supplier<NodeView> view) {
        this.raft = raft;
        this.renewals = renewals;
        this.keys = keys;
        this.view = view;
    }

    @Override
    public CompletableFuture<Taken> part(String voter, SnapshotPartOf part) {
        Optional<GroupClient> group = group();
        if (group.isEmpty()) {
            return NONE.part(voter, part);
        }
        CompletableFuture<Taken> taken = voter.isEmpty() ? taken(group.get()) : held(group.get(), voter, part);
        return taken.orTimeout(LIMIT_S, TimeUnit.SECONDS)
                .exceptionally(failure -> Taken.refused(503, sentence(failure)));
    }

    private CompletableFuture<Taken> taken(GroupClient group) {
        return group.read(GroupMachine.howFar()).thenCompose(reply -> {
            var wanted = SnapshotPartOf.newBuilder()
                    .setAtLeast(parse(reply).getAppliedIndex())
                    .build();
            CompletableFuture<Taken> taken =
                    CompletableFuture.completedFuture(Taken.refused(503, "no voter is known of"));
            for (PeerInfo voter : leaderFirst(group.peers())) {
                taken = taken.thenCompose(before -> before.status() == 200
                        ? CompletableFuture.completedFuture(before)
                        : ask(group, voter, wanted).exceptionally(e -> Taken.refused(503, sentence(e))));
            }
            return taken;
        });
    }

    private CompletableFuture<Taken> held(GroupClient group, String voter, SnapshotPartOf part) {
        return group.peers().stream()
                .filter(p -> p.id().value().equals(voter))
                .findFirst()
                .map(p -> ask(group, p, part).exceptionally(e -> Taken.refused(503, sentence(e))))
                .orElseGet(() -> CompletableFuture.completedFuture(
                        Taken.refused(409, voter + " is no voter any more: begin again")));
    }

    private List<PeerInfo> leaderFirst(List<PeerInfo> voters) {
        String leader = view.get().leader().map(NodeView.Peer::address).orElse("");
        var order = new ArrayList<>(voters);
        order.sort((a, b) ->
                Boolean.compare(b.hostAndPort().equals(leader), a.hostAndPort().equals(leader)));
        return order;
    }

    private CompletableFuture<Taken> ask(GroupClient group, PeerInfo voter, SnapshotPartOf wanted) {
        byte[] request = PeerRequest.newBuilder().setSnapshot(wanted).build().toByteArray();
        return group.ask(voter, request, ASK_LIMIT).thenApply(reply -> {
            SnapshotPart part = parse(reply).getSnapshot();
            if (!part.getRefusal().isEmpty()) {
                return Taken.refused(409, voter.id() + ": " + part.getRefusal());
            }
            return new Taken(200, "", group.group().toString(), voter.id().value(), part);
        });
    }

    private Optional<GroupClient> group() {
        if (raft.status().voters().contains(raft.self().id())) {
            return raft.group().map(g -> raft.client(g, raft.status().voters().voters()));
        }
        return renewals.standing().map(s -> raft.client(s.group(), s.voters()));
    }

    @Override
    public CompletableFuture<Answer> restore(String az, List<KvEntry> entries) {
        String here = view.get().state().flatMap(s -> s.az()).map(s -> s.name()).orElse("");
        if (!here.equals(az)) {
            return done(409, "the backup is of the AZ '" + az + "' but this is '" + here + "'");
        }
        CompletableFuture<Answer> answer = entries.isEmpty() ? mayBegin() : put(entries);
        return answer.exceptionally(failure -> new Answer(503, sentence(failure)));
    }

    private CompletableFuture<Answer> mayBegin() {
        return keys.read(new KvQuestion.Names("", ""), Keys.Consistency.LINEARIZABLE)
                .thenApply(reading -> {
                    boolean none = reading.answer().names().isEmpty()
                            && reading.answer().refusal().isEmpty();
                    return none
                            ? new Answer(200, "a restore may begin")
                            : new Answer(
                                    409,
                                    "a restore needs a store without keys, for it must not undo what was written"
                                            + " since, but there are some"
                                            + reading.answer().names().stream()
                                                    .findFirst()
                                                    .map(key -> ", the first is '" + key + "'")
                                                    .orElse(""));
                });
    }

    private CompletableFuture<Answer> put(List<KvEntry> entries) {
        var puts = new ArrayList<CompletableFuture<Outcome>>();
        for (KvEntry entry : entries) {
            puts.add(keys.change(new KvCommand.Put(
                    entry.getKey(), Value.of(entry.getValue().toByteArray()), entry.getFlags(), OptionalLong.of(0))));
        }
        return CompletableFuture.allOf(puts.toArray(CompletableFuture<?>[]::new))
                .thenApply(all -> {
                    for (int i = 0; i < puts.size(); i++) {
                        Outcome outcome = puts.get(i).join();
                        String key = entries.get(i).getKey();
                        if (!outcome.done()) {
                            return new Answer(
                                    409,
                                    "key '" + key + "' was not restored: "
                                            + outcome.refusal().orElse("somebody else has written it meanwhile"));
                        }
                    }
                    return new Answer(200, puts.size() + " keys restored");
                });
    }

    private static CompletableFuture<Answer> done(int status, String sentence) {
        return CompletableFuture.completedFuture(new Answer(status, sentence));
    }

    private static PeerReply parse(byte[] reply) {
        try {
            return PeerReply.parseFrom(reply);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("the voter's answer is not one of ours", e);
        }
    }

    private static String sentence(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        return cause.getMessage() == null ? "no answer within " + LIMIT_S + " s" : cause.getMessage();
    }
}

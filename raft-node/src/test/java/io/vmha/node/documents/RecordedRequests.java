package io.vmha.node.documents;

import io.vmha.node.view.NodeRequests;
import io.vmha.node.view.NodeView;
import io.vmha.node.view.RaftPeers;
import io.vmha.recovery.core.Drain;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.IncidentId;
import io.vmha.recovery.core.ServerId;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

/** A node that changes nothing but remembers what it was asked for. */
public final class RecordedRequests implements NodeRequests {
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private volatile Answer next = new Answer(200, "done");
    private volatile CompletableFuture<NodeView> consistent = CompletableFuture.completedFuture(Samples.quiet());

    /** What was asked for, in order. */
    public List<String> asked() {
        return List.copyOf(asked);
    }

    /** What the next requests are answered with. */
    public void answerWith(int status, String message) {
        next = new Answer(status, message);
    }

    /** What the next consistent reads see. */
    public void consistentlySee(CompletableFuture<NodeView> view) {
        consistent = view;
    }

    @Override
    public CompletableFuture<Answer> enable(String az) {
        return remember("enable " + az);
    }

    @Override
    public CompletableFuture<Answer> disable(String az) {
        return remember("disable " + az);
    }

    @Override
    public CompletableFuture<Answer> arm(String az, boolean armed) {
        return remember((armed ? "arm " : "disarm ") + az);
    }

    @Override
    public CompletableFuture<Answer> maintenance(HostName host, boolean on) {
        return remember("maintenance " + host + " " + on);
    }

    @Override
    public CompletableFuture<Answer> returnHost(HostName host, String person) {
        return remember("return " + host + " by " + person);
    }

    @Override
    public CompletableFuture<Answer> seal(HostName host, String person) {
        return remember("seal " + host + " by " + person);
    }

    @Override
    public CompletableFuture<Answer> confirmDown(HostName host, String person) {
        return remember("confirm-down " + host + " by " + person);
    }

    @Override
    public CompletableFuture<Answer> turn(boolean take) {
        return remember(take ? "take turn" : "end turn");
    }

    @Override
    public CompletableFuture<Answer> testFence(HostName host, boolean really) {
        return remember("fence test " + host + (really ? " really" : ""));
    }

    @Override
    public CompletableFuture<Answer> drain(HostName host, Drain.Order asked, boolean force) {
        return remember("drain " + host + " by " + asked.person() + ", " + asked.parallel() + " at a time"
                + (asked.cold() ? ", cold" : "") + (force ? ", forced" : ""));
    }

    @Override
    public CompletableFuture<Answer> undrain(HostName host, String person) {
        return remember("undrain " + host + " by " + person);
    }

    @Override
    public CompletableFuture<Answer> releaseVm(ServerId vm, String person) {
        return remember("release " + vm + " by " + person);
    }

    @Override
    public CompletableFuture<Answer> drill(HostName host, ServerId canary, String person) {
        return remember("drill " + host + " with " + canary + " by " + person);
    }

    @Override
    public CompletableFuture<Answer> approve(IncidentId incident, String person) {
        return remember("approve " + incident + " by " + person);
    }

    @Override
    public CompletableFuture<Answer> hold(IncidentId incident, String person) {
        return remember("hold " + incident + " by " + person);
    }

    @Override
    public CompletableFuture<Answer> cancel(IncidentId incident, String person) {
        return remember("cancel " + incident + " by " + person);
    }

    @Override
    public CompletableFuture<RaftPeers> raftPeers() {
        asked.add("raft peers");
        return CompletableFuture.completedFuture(Samples.raftPeers());
    }

    @Override
    public CompletableFuture<Answer> transferLeadership(HostName to) {
        return remember("transfer to " + to);
    }

    @Override
    public CompletableFuture<Answer> removeVoter(String peerId, String person) {
        return remember("remove " + peerId + " by " + person);
    }

    @Override
    public CompletableFuture<NodeView> consistentView() {
        asked.add("consistent view");
        return consistent;
    }

    private CompletableFuture<Answer> remember(String what) {
        asked.add(what);
        Answer answer = next;
        return CompletableFuture.supplyAsync(() -> answer);
    }
}

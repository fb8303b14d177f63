package io.vmha.node.view;

import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.IncidentId;
import java.util.concurrent.CompletableFuture;

/**
 * What clients may ask this node to change. Answers come when the change is committed or refused; every future completes normally, with the
 * refusal as an {@link Answer}, within a bounded time.
 */
public interface NodeRequests extends UpkeepRequests {
    /**
     * What became of a request.
     *
     * @param status an HTTP status: 200; 400 too few hosts; 404 no such AZ, host or incident; 409 a host is offline or without proof; 412 a
     *     host belongs to another group; 502 Keystone or Nova refused; 503 no leader or no
     *     answer; 504 Keystone or Nova did not answer
     * @param message one sentence for people: what was done, or what was expected, found, and can be done
     */
    record Answer(int status, String message) {
        /** True if it was done. */
        public boolean isOk() {
            return status < 300;
        }
    }

    /** Puts an AZ under protection: checks it against Nova and the pool, forms the group if there is none. */
    CompletableFuture<Answer> enable(String az);

    /** Ends an AZ's protection and leaves Nova as it was. */
    CompletableFuture<Answer> disable(String az);

    /** Arms or disarms an AZ: disarmed, incidents are recorded and held. */
    CompletableFuture<Answer> arm(String az, boolean armed);

    /** Starts or ends maintenance of a host. */
    CompletableFuture<Answer> maintenance(HostName host, boolean on);

    /** Takes a recovered host back into service: Nova must have it up, and a person answers for its being clean. */
    CompletableFuture<Answer> returnHost(HostName host, String person);

    /** Ends a host's life before a person looks at it; answers when a majority of the voters has applied that. */
    CompletableFuture<Answer> seal(HostName host, String person);

    /** A person's certificate, once the host is sealed: the host is down and stays down, and that person answers for it. */
    CompletableFuture<Answer> confirmDown(HostName host, String person);

    /** Takes this host's turn to restart its daemon, or gives it back. */
    CompletableFuture<Answer> turn(boolean take);

    /**
     * Proves that a host can be fenced from this node.
     *
     * @param really whether it is powered off and on again, which needs maintenance; otherwise nothing is switched
     */
    CompletableFuture<Answer> testFence(HostName host, boolean really);

    /** Lets a held incident go on. */
    CompletableFuture<Answer> approve(IncidentId incident, String person);

    /** Stops an open incident until somebody approves it. */
    CompletableFuture<Answer> hold(IncidentId incident, String person);

    /** Calls a held incident off. */
    CompletableFuture<Answer> cancel(IncidentId incident, String person);

    /** Asks every voter of this host's group how far it is. */
    CompletableFuture<RaftPeers> raftPeers();

    /** Hands the leadership to the voter on another host. Only the leader's own node can do it. */
    CompletableFuture<Answer> transferLeadership(HostName to);

    /** Takes a voter that is gone out of the group before it is replaced by itself. Only the leader's own node can do it. */
    CompletableFuture<Answer> removeVoter(String peerId, String person);

    /** Returns a view at least as new as everything committed before the call, or fails with a sentence when there is no leader. */
    CompletableFuture<NodeView> consistentView();
}

package io.vmha.testcluster.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.vmha.testcluster.cluster.NodeClient.Reply;
import java.util.Set;
import java.util.function.Supplier;

/**
 * A person at the daemons of a cluster, who asks again where a daemon does not listen yet, nobody leads, or an answer was lost: on a slow
 * machine any of these may meet any question.
 */
public final class Operator {
    private static final int LIMIT_S = 90;
    /** What {@link NodeClient} says where there is no answer, and a daemon where there is no leader or no word of Nova's. */
    private static final Set<Integer> NOT_NOW = Set.of(503, 504);
    /** What a second asking is told if the first, whose answer was lost, had its effect. */
    private static final Set<Integer> NO_MORE = Set.of(404, 409);

    private final Cluster cluster;
    private final String name;

    /** @param name what the daemons are told as the person who answers for it */
    public Operator(Cluster cluster, String name) {
        this.cluster = cluster;
        this.name = name;
    }

    /** Asks one daemon for a change, and returns what it says once it has something to say. */
    public Reply ask(String host, String path) {
        return answered(() -> host, path);
    }

    /** Asks whichever daemon leads. */
    public Reply ask(String path) {
        return answered(cluster::leader, path);
    }

    /** Asks one daemon for a change that must be made. */
    public void order(String host, String path) {
        ordered(() -> host, path);
    }

    /** Asks whichever daemon leads for a change that must be made. */
    public void order(String path) {
        ordered(cluster::leader, path);
    }

    /** A document of one daemon, which has it; waits until it answers. */
    public JsonNode read(String host, String path) {
        return cluster.await(
                host + " tells " + path,
                LIMIT_S,
                () -> cluster.client().get(cluster.host(host), path).orElseGet(MissingNode::getInstance),
                document -> !document.isMissingNode());
    }

    private Reply answered(Supplier<String> host, String path) {
        return cluster.await(
                "somebody answers to " + path,
                LIMIT_S,
                () -> cluster.client().putAs(cluster.host(host.get()), path, name),
                reply -> !NOT_NOW.contains(reply.status()));
    }

    private void ordered(Supplier<String> host, String path) {
        Reply first = cluster.client().putAs(cluster.host(host.get()), path, name);
        if (first.status() == 200) {
            return;
        }
        boolean again = NOT_NOW.contains(first.status());
        Reply last = again ? answered(host, path) : first;
        boolean done = last.status() == 200 || (again && NO_MORE.contains(last.status()));
        if (!done) {
            throw new ClusterException(path + " was to be done but was refused with " + last.status() + ": "
                    + last.message() + (again ? "; at first: " + first.message() : ""));
        }
    }
}

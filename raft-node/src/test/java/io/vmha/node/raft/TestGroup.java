package io.vmha.node.raft;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;

/** Some nodes of one group in this JVM. */
final class TestGroup implements AutoCloseable {
    final List<TestNode> nodes = new ArrayList<>();
    final GroupId id = GroupId.random();

    /** Founds the group on the first node; the others are not in it yet. */
    static TestGroup found(Path dir, String... names) {
        return found(dir, TestNode.ELECTION, names);
    }

    static TestGroup found(Path dir, Duration electionTimeout, String... names) {
        TestGroup group = new TestGroup();
        for (String name : names) {
            group.nodes.add(new TestNode(TestNode.config(dir, name).withElectionTimeout(electionTimeout)));
        }
        group.nodes.get(0).node.bootstrap(group.id);
        group.leader();
        return group;
    }

    static TestGroup grown(Path dir, String... names) {
        TestGroup group = found(dir, names);
        group.grow(group.nodes);
        return group;
    }

    TestNode leader() {
        return TestNode.await(
                "a leader", () -> nodes.stream().filter(TestNode::leads).findFirst(), this::statuses);
    }

    List<TestNode> followers() {
        TestNode leader = leader();
        return nodes.stream().filter(n -> n != leader).toList();
    }

    /** Steps until these nodes are the voters, as the membership controller does. */
    void grow(List<TestNode> wanted) {
        List<PeerInfo> peers = wanted.stream().map(TestNode::self).toList();
        TestNode.await(
                "voters " + peers,
                () -> {
                    try {
                        VoterChange done = TestNode.get(leader().node.changeVoters(peers));
                        return done == VoterChange.NOTHING ? Optional.of(done) : Optional.empty();
                    } catch (CompletionException e) {
                        return Optional.empty();
                    }
                },
                this::statuses);
    }

    void replace(TestNode old, TestNode now) {
        nodes.set(nodes.indexOf(old), now);
    }

    List<RaftStatus> statuses() {
        return nodes.stream().map(n -> n.node.status()).toList();
    }

    @Override
    public void close() {
        nodes.parallelStream().forEach(TestNode::close);
    }
}

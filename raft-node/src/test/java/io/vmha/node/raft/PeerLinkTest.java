package io.vmha.node.raft;

import static io.vmha.node.raft.RegisterMachine.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The connection to one peer, and what it makes of silence. */
final class PeerLinkTest {
    /** What a host waits for the answer to its renewal. */
    private static final Duration LIMIT = Duration.ofMillis(900);

    private static final Duration SHORT = Duration.ofMillis(250);
    private static final Duration PATIENT = Duration.ofSeconds(30);

    @TempDir
    Path dir;

    @Test
    void connectionThatQueuesIsNotGivenUpForOneAtTheEndOfTheQueue() throws Exception {
        try (TestNode server = TestNode.start(dir, "n1");
                TestNode client = TestNode.start(dir, "n2");
                var queue = new Relay(server.config.address(), Duration.ofSeconds(3))) {
            server.node.bootstrap(GroupId.random());
            PeerInfo behind = new PeerInfo(server.self().id(), queue.address());
            GroupClient group = client.node.client(server.node.group().orElseThrow(), List.of(behind));

            String answer = TestNode.await(
                    "an answer",
                    () -> group.ask(behind, bytes("who"), LIMIT)
                            .handle((reply, failure) ->
                                    Optional.ofNullable(reply).map(RegisterMachine::text))
                            .join(),
                    () -> queue.taken() + " connections");

            assertThat(answer).startsWith(server.self().id().value());
        }
    }

    @Test
    void questionsThatAreAskedOftenShareAStreamAndSurviveOneThatIsRefused() throws Exception {
        try (TestNode server = TestNode.start(dir, "n1");
                TestNode client = TestNode.start(dir, "n2")) {
            found(server);
            PeerInfo voter = server.self();
            GroupClient group = client.node.client(server.node.group().orElseThrow(), List.of(voter));

            awaitConnection(group, voter);
            List<CompletableFuture<byte[]>> answers = IntStream.range(0, 20)
                    .mapToObj(i -> group.askOften(voter, bytes("who"), PATIENT))
                    .toList();
            assertThat(answers)
                    .allSatisfy(answer -> assertThat(RegisterMachine.text(TestNode.get(answer)))
                            .startsWith(voter.id().value()));
            assertThatThrownBy(() -> TestNode.get(group.askOften(voter, bytes("nonsense"), PATIENT)))
                    .hasRootCauseInstanceOf(RaftNodeException.class)
                    .hasMessageContaining("no such question");

            assertThat(RegisterMachine.text(TestNode.get(group.askOften(voter, bytes("who"), PATIENT))))
                    .startsWith(voter.id().value());
        }
    }

    @Test
    void connectionThatIsDeadWithoutKnowingIsReplacedForQuestionsThatAreAskedOften() throws Exception {
        try (TestNode server = TestNode.start(dir, "n1");
                TestNode client = TestNode.start(dir, "n2");
                var way = new Relay(server.config.address(), Duration.ZERO)) {
            found(server);
            PeerInfo behind = new PeerInfo(server.self().id(), way.address());
            GroupClient group = client.node.client(server.node.group().orElseThrow(), List.of(behind));
            awaitConnection(group, behind);
            int before = way.taken();

            way.forget();

            TestNode.awaitTrue("an answer", () -> isAnswered(group, behind), () -> way.taken() + " connections");
            assertThat(way.taken()).isGreaterThan(before);
        }
    }

    /** Each attempt at a new connection costs a slow peer a handshake, and would make it slower. */
    @Test
    void connectionWhoseAnswersAllComeTooLateIsKept() throws Exception {
        try (TestNode server = TestNode.start(dir, "n1");
                TestNode client = TestNode.start(dir, "n2");
                var way = new Relay(server.config.address(), Duration.ZERO)) {
            found(server);
            PeerInfo behind = new PeerInfo(server.self().id(), way.address());
            GroupClient group = client.node.client(server.node.group().orElseThrow(), List.of(behind));
            awaitConnection(group, behind);
            way.slowDown(SHORT.multipliedBy(2));

            long inVain = IntStream.range(0, 16)
                    .filter(i -> !isAnswered(group, behind))
                    .count();

            assertThat(inVain).isEqualTo(16);
            assertThat(way.taken())
                    .as("given longer each time, if it was given up at all")
                    .isLessThanOrEqualTo(3);
        }
    }

    private static void found(TestNode server) {
        server.node.bootstrap(GroupId.random());
        TestNode.awaitTrue("the founder to lead", server::leads, server.node::status);
    }

    private static void awaitConnection(GroupClient group, PeerInfo voter) {
        TestNode.awaitTrue("an answer", () -> isAnswered(group, voter), voter::toString);
    }

    private static boolean isAnswered(GroupClient group, PeerInfo voter) {
        return group.askOften(voter, bytes("who"), SHORT)
                .handle((reply, failure) -> failure == null)
                .join();
    }
}

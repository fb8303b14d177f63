package io.vmha.node.raft;

import static io.vmha.node.raft.RegisterMachine.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The connection to one peer, and what it makes of silence. */
final class PeerLinkTest {
    /** What a host waits for the answer to its renewal. */
    private static final Duration LIMIT = Duration.ofMillis(900);

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
}

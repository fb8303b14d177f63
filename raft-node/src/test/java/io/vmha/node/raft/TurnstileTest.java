package io.vmha.node.raft;

import static io.vmha.node.raft.RegisterMachine.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Newcomers at the Raft port of a voter with certificates. */
final class TurnstileTest {
    private static final Duration PATIENT = Duration.ofSeconds(30);
    private static final Duration RENEWAL = Duration.ofSeconds(1);
    private static final int MANY = 60;
    /** A TLS record of a handshake that is 512 bytes long, of which only the head comes. */
    private static final byte[] HALF_A_HELLO = {22, 3, 1, 2, 0, 1, 0, 1, (byte) 0xfc};

    @TempDir
    Path dir;

    @Test
    void manyHostsThatConnectAtOnceAreAllLetInAndWhoIsInsideIsAnsweredMeanwhile() throws Exception {
        TestCertificates ours = new TestCertificates(dir, "ours");
        try (TestNode voter = voter(ours);
                var guests = new GroupGuests(1, Optional.of(guestTls(ours)))) {
            GroupClient inside = client(guests, voter);
            TestNode.get(answer(inside, voter));

            List<CompletableFuture<byte[]>> newcomers = new ArrayList<>();
            for (int i = 0; i < MANY; i++) {
                newcomers.add(answer(client(guests, voter), voter));
            }
            int answered = 0;
            while (newcomers.stream().anyMatch(newcomer -> !newcomer.isDone())) {
                TestNode.get(answer(inside, voter));
                answered++;
            }

            assertThat(newcomers)
                    .allSatisfy(newcomer -> assertThat(RegisterMachine.text(TestNode.get(newcomer)))
                            .startsWith(voter.self().id().value()));
            assertThat(answered).isPositive();
        }
    }

    @Test
    void strangersThatSayNothingOrHalfOfSomethingDoNotKeepHostsOut() throws Exception {
        TestCertificates ours = new TestCertificates(dir, "ours");
        List<Socket> strangers = new ArrayList<>();
        try (TestNode voter = voter(ours);
                var guests = new GroupGuests(1, Optional.of(guestTls(ours)))) {
            for (int i = 0; i < 2 * Turnstile.TURNS; i++) {
                strangers.add(connect(voter.config.address()));
                Socket talks = connect(voter.config.address());
                talks.getOutputStream().write(HALF_A_HELLO);
                strangers.add(talks);
            }

            byte[] answer = TestNode.get(answer(client(guests, voter), voter));

            assertThat(RegisterMachine.text(answer))
                    .startsWith(voter.self().id().value());
        } finally {
            for (Socket stranger : strangers) {
                stranger.close();
            }
        }
    }

    @Test
    void strangersAreSentAway() throws Exception {
        TestCertificates ours = new TestCertificates(dir, "ours");
        try (TestNode voter = voter(ours);
                Socket silent = connect(voter.config.address());
                Socket half = connect(voter.config.address());
                Socket nonsense = connect(voter.config.address())) {
            half.getOutputStream().write(HALF_A_HELLO);
            nonsense.getOutputStream().write(bytes("GET / HTTP/1.1\r\n\r\n"));

            for (Socket stranger : List.of(nonsense, half, silent)) {
                stranger.setSoTimeout((int) PATIENT.toMillis());
                assertThat(stranger.getInputStream().readAllBytes())
                        .hasSizeLessThan(100); // an alert at most, and the end
            }
        }
    }

    private TestNode voter(TestCertificates ours) throws Exception {
        RaftConfig config = TestNode.config(dir, "n1");
        var node = new TestNode(config.withTls(ours.issue("n1", config.address().getAddress())));
        node.node.bootstrap(GroupId.random());
        TestNode.awaitTrue("the founder to lead", node::leads, node.node::status);
        return node;
    }

    private static RaftTls guestTls(TestCertificates ours) throws Exception {
        return ours.issue("guest", TestNode.freeAddress().getAddress());
    }

    private static GroupClient client(GroupGuests guests, TestNode voter) {
        return guests.host(voter.node.group().orElseThrow(), List.of(voter.self()));
    }

    /** Asks as a host renews: again and again. */
    private static CompletableFuture<byte[]> answer(GroupClient client, TestNode voter) {
        return client.askOften(voter.self(), bytes("who"), RENEWAL)
                .exceptionallyCompose(failure -> answer(client, voter));
    }

    private static Socket connect(InetSocketAddress address) throws Exception {
        return new Socket(address.getAddress(), address.getPort());
    }
}

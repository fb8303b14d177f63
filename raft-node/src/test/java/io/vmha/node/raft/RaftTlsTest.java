package io.vmha.node.raft;

import static io.vmha.node.raft.RaftGroupTest.assertFails;
import static io.vmha.node.raft.RegisterMachine.bytes;
import static io.vmha.node.raft.RegisterMachine.text;
import static io.vmha.node.raft.TestNode.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.vmha.node.raft.RaftNodeException.Kind;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Mutual TLS: our authority's certificates and nobody else's. */
final class RaftTlsTest {
    private static final Duration LIMIT = Duration.ofSeconds(5);

    @TempDir
    Path dir;

    @Test
    void groupWithCertificatesOfOneAuthorityWorksAndRefusesOthers() throws Exception {
        TestCertificates ours = new TestCertificates(dir, "ours");
        TestCertificates theirs = new TestCertificates(dir, "theirs");
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        Logger logger = (Logger) LoggerFactory.getLogger(TlsMaterial.class);
        log.start();
        logger.addAppender(log);
        TestGroup group = new TestGroup();
        try (group) {
            for (String name : List.of("n1", "n2", "n3")) {
                group.nodes.add(secure(ours, name));
            }
            group.nodes.get(0).node.bootstrap(group.id);
            group.grow(group.nodes);
            List<PeerInfo> peers = group.nodes.stream().map(TestNode::self).toList();
            assertThat(group.followers().get(0).write("a=1")).isEqualTo("1");
            assertThat(log.list).isEmpty();

            try (TestNode foreign = secure(theirs, "foreign");
                    TestNode plain = TestNode.start(dir, "plain");
                    TestNode guest = secure(ours, "guest")) {
                assertThat(text(get(guest.node.client(group.id, peers).ask(peers.get(0), bytes("who"), LIMIT))))
                        .startsWith(peers.get(0).id().value());
                assertThat(log.list).isEmpty();

                assertFails(
                        foreign.node.client(group.id, peers).ask(peers.get(0), bytes("who"), LIMIT),
                        Kind.UNAVAILABLE,
                        "no answer from");
                assertFails(
                        plain.node.client(group.id, peers).ask(peers.get(0), bytes("who"), LIMIT),
                        Kind.UNAVAILABLE,
                        "no answer from");
                assertThat(log.list)
                        .extracting(ILoggingEvent::getFormattedMessage)
                        .anySatisfy(line -> assertThat(line)
                                .contains("raft certificate refused role=server")
                                .contains("issuer=\"CN=ours\""));
            }
        } finally {
            logger.detachAppender(log);
        }
    }

    @Test
    void serverSaysWhoseCertificateItRefused() throws Exception {
        TestCertificates ours = new TestCertificates(dir, "ours");
        TestCertificates theirs = new TestCertificates(dir, "theirs");
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        Logger logger = (Logger) LoggerFactory.getLogger(TlsMaterial.class);
        log.start();
        logger.addAppender(log);
        RaftConfig config = TestNode.config(dir, "intruder");
        RaftTls own = theirs.issue("intruder", config.address().getAddress());
        // trusts our servers, so that it comes as far as showing its own certificate
        RaftTls mixed = new RaftTls(ours.authority(), own.certificate(), own.key());
        try (TestNode node = secure(ours, "n1");
                TestNode intruder = new TestNode(config.withTls(mixed))) {
            node.node.bootstrap(GroupId.random());
            GroupClient client = intruder.node.client(node.node.group().orElseThrow(), List.of(node.self()));

            assertFails(client.ask(node.self(), bytes("who"), LIMIT), Kind.UNAVAILABLE, "no answer from");

            TestNode.awaitTrue("the refusal to be logged", () -> !log.list.isEmpty(), () -> log.list);
            assertThat(log.list.get(0).getFormattedMessage())
                    .contains("raft certificate refused role=client")
                    .contains("subject=\"CN=intruder\" issuer=\"CN=theirs\"");
        } finally {
            logger.detachAppender(log);
        }
    }

    @Test
    void certificateForAnotherAddressIsRefused() throws Exception {
        TestCertificates ours = new TestCertificates(dir, "ours");
        RaftConfig config = TestNode.config(dir, "n1");
        RaftTls elsewhere = ours.issue("n1", InetAddress.getByName("127.0.0.2"));
        try (TestNode node = new TestNode(config.withTls(elsewhere));
                TestNode asker = secure(ours, "n2")) {
            GroupClient client = asker.node.client(GroupId.random(), List.of(node.self()));

            assertFails(
                    client.ask(node.self(), bytes("who"), LIMIT),
                    Kind.UNAVAILABLE,
                    "No subject alternative names matching");
        }
    }

    @Test
    void newFilesAreTakenUpWithoutARestart() throws Exception {
        TestCertificates old = new TestCertificates(dir, "old");
        TestCertificates next = new TestCertificates(dir, "next");
        RaftConfig config = TestNode.config(dir, "n1");
        RaftTls files = old.issue("n1", config.address().getAddress());
        try (TestNode node = new TestNode(config.withTls(files));
                TestNode newcomer = secure(next, "newcomer")) {
            node.node.bootstrap(GroupId.random());
            GroupClient client = newcomer.node.client(node.node.group().orElseThrow(), List.of(node.self()));
            assertFails(client.ask(node.self(), bytes("who"), LIMIT), Kind.UNAVAILABLE, "no answer from");

            RaftTls fresh = next.issue("n1", config.address().getAddress());
            Files.copy(fresh.authority(), files.authority(), StandardCopyOption.REPLACE_EXISTING);
            Files.copy(fresh.key(), files.key(), StandardCopyOption.REPLACE_EXISTING);
            Files.copy(fresh.certificate(), files.certificate(), StandardCopyOption.REPLACE_EXISTING);

            TestNode.awaitTrue(
                    "the new authority to be trusted and the new certificate to be shown",
                    () -> client.ask(node.self(), bytes("who"), LIMIT)
                            .thenApply(answer -> true)
                            .exceptionally(refused -> false)
                            .join(),
                    node.node::status);
        }
    }

    @Test
    void newFilesThatCannotBeUsedLeaveTheOldOnesInForce() throws Exception {
        TestCertificates ours = new TestCertificates(dir, "ours");
        RaftConfig config = TestNode.config(dir, "n1");
        RaftTls files = ours.issue("n1", config.address().getAddress());
        TlsMaterial material = TlsMaterial.load(files);
        TlsMaterial.Generation before = material.current();

        Files.writeString(files.certificate(), "torn");
        TestNode.awaitTrue(
                "the change to be looked at",
                () -> material.current().equals(before) && material.looks() > 0,
                material::looks);

        Files.copy(
                ours.issue("again", config.address().getAddress()).certificate(),
                files.certificate(),
                StandardCopyOption.REPLACE_EXISTING);
        Files.copy(dir.resolve("ours").resolve("again.key"), files.key(), StandardCopyOption.REPLACE_EXISTING);
        TestNode.awaitTrue("good files to be used", () -> !material.current().equals(before), material::looks);
    }

    @Test
    void anExpiredCertificateIsRefusedByItsOwnerAndByItsPeers() throws Exception {
        TestCertificates ours = new TestCertificates(dir, "ours");
        RaftConfig config = TestNode.config(dir, "n1");
        RaftTls expired =
                ours.issue("n1", config.address().getAddress(), Instant.now().minus(Duration.ofHours(1)));
        X509Certificate certificate;
        try (var in = Files.newInputStream(expired.certificate())) {
            certificate =
                    (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
        TlsMaterial peer = TlsMaterial.load(ours.issue("n2", config.address().getAddress()));

        assertRefused(config, expired, "every peer would refuse it");
        assertThatThrownBy(() -> peer.current().trust().checkClientTrusted(new X509Certificate[] {certificate}, "EC"))
                .hasStackTraceContaining("NotAfter");
    }

    @Test
    void unusableFilesAreNamed() throws Exception {
        TestCertificates ours = new TestCertificates(dir, "ours");
        RaftConfig config = TestNode.config(dir, "n1");
        RaftTls good = ours.issue("n1", config.address().getAddress());
        RaftTls other = ours.issue("n2", config.address().getAddress());
        Path empty = Files.createFile(dir.resolve("empty.pem"));

        Path garbled = Files.writeString(
                dir.resolve("garbled.key"), "-----BEGIN PRIVATE KEY-----\nAAAAA\n-----END PRIVATE KEY-----\n");

        assertRefused(config, new RaftTls(dir.resolve("none.pem"), good.certificate(), good.key()), "none.pem");
        assertRefused(config, new RaftTls(empty, good.certificate(), good.key()), "holds no certificate");
        assertRefused(config, new RaftTls(good.authority(), good.certificate(), good.authority()), "openssl pkcs8");
        assertRefused(config, new RaftTls(good.authority(), good.certificate(), other.key()), "does not belong");
        assertRefused(config, new RaftTls(good.authority(), good.certificate(), garbled), "garbled.key is garbled");
    }

    private static void assertRefused(RaftConfig config, RaftTls tls, String message) {
        assertThatThrownBy(() -> new TestNode(config.withTls(tls)))
                .isInstanceOf(RaftNodeException.class)
                .hasMessageContaining(message);
    }

    private TestNode secure(TestCertificates authority, String name) throws Exception {
        RaftConfig config = TestNode.config(dir, name);
        return new TestNode(
                config.withTls(authority.issue(name, config.address().getAddress())));
    }
}

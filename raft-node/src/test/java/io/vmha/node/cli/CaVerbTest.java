package io.vmha.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code vmha ca}, which works on files and asks no daemon. */
class CaVerbTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int vmha(String... words) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        return VmhaCommand.run(new PrintWriter(out, true), new PrintWriter(err, true), words);
    }

    @Test
    void anAuthorityIsMadeOnceAndItsCertificatesNameTheirHosts(@TempDir Path dir) throws Exception {
        Path ca = dir.resolve("ca");

        assertThat(vmha("ca", "init", ca.toString())).as("%s", err).isZero();
        assertThat(vmha("ca", "issue", ca.toString(), "--host", "hv-1", "--ip", "10.0.0.1"))
                .as("%s", err)
                .isZero();

        X509Certificate authority = certificate(ca.resolve("ca.pem"));
        X509Certificate node = certificate(ca.resolve("hv-1.pem"));
        node.verify(authority.getPublicKey());
        node.checkValidity();
        assertThat(authority.getBasicConstraints()).isNotNegative();
        assertThat(node.getBasicConstraints()).isNegative();
        assertThat(node.getSubjectAlternativeNames())
                .anySatisfy(name -> assertThat(name.get(1)).isEqualTo("10.0.0.1"));
        assertThat(node.getExtendedKeyUsage()).hasSize(2);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(ca.resolve("ca.key"))))
                .isEqualTo("rw-------");
        assertThat(Files.readString(ca.resolve("hv-1.key"))).startsWith("-----BEGIN PRIVATE KEY-----");

        assertThat(vmha("ca", "init", ca.toString())).isEqualTo(1);
        assertThat(err.toString()).contains("is there already");
        assertThat(vmha("ca", "issue", dir.toString(), "--host", "hv-1", "--ip", "10.0.0.1"))
                .isEqualTo(1);
        assertThat(err.toString()).contains("there is no authority in");
        assertThat(vmha("ca", "issue", ca.toString(), "--host", "../x", "--ip", "10.0.0.1"))
                .isEqualTo(1);
    }

    @Test
    void halfAnAuthorityIsNeitherUsedNorReplaced(@TempDir Path dir) throws IOException {
        Files.writeString(dir.resolve("ca.pem"), "what every host trusts");

        assertThat(vmha("ca", "init", dir.toString())).isEqualTo(1);

        assertThat(err.toString()).contains("but found only ca.pem", "put ca.key back");
        assertThat(dir.resolve("ca.pem")).hasContent("what every host trusts");
        assertThat(vmha("ca", "issue", dir.toString(), "--host", "hv-1", "--ip", "10.0.0.1"))
                .isEqualTo(1);
        assertThat(err.toString()).contains("but found only ca.pem");
    }

    @Test
    void onlyOneWorksWithAnAuthorityAtATime(@TempDir Path dir) throws IOException {
        try (var other = FileChannel.open(dir.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            other.lock();

            assertThat(vmha("ca", "init", dir.toString(), "--wait", "0")).isEqualTo(1);
        }
        assertThat(err.toString()).contains("another vmha ca is at work");
        assertThat(dir.resolve("ca.key")).doesNotExist();
        assertThat(vmha("ca", "init", dir.toString(), "--wait", "-1")).isEqualTo(2);
    }

    @Test
    void nothingIsLeftBesideTheAuthorityNotEvenByOneThatWasKilled(@TempDir Path dir) throws IOException {
        Path left = Files.createDirectory(dir.resolve(".work-123"));
        Files.writeString(left.resolve("store"), "a key store");

        assertThat(vmha("ca", "init", dir.toString())).isZero();
        assertThat(vmha("ca", "issue", dir.toString(), "--host", "hv-1", "--ip", "10.0.0.1"))
                .isZero();

        try (var files = Files.list(dir)) {
            assertThat(files.map(f -> f.getFileName().toString()))
                    .containsExactlyInAnyOrder("ca.key", "ca.pem", "hv-1.key", "hv-1.pem", ".lock");
        }
    }

    @Test
    void manyCertificatesCanBeAskedForAtOnce(@TempDir Path dir) throws Exception {
        assertThat(vmha("ca", "init", dir.toString())).isZero();

        var asked = new ArrayList<CompletableFuture<Integer>>();
        for (int i = 1; i <= 3; i++) {
            String number = Integer.toString(i);
            asked.add(CompletableFuture.supplyAsync(() -> {
                var nowhere = new PrintWriter(new StringWriter());
                return VmhaCommand.run(
                        nowhere,
                        nowhere,
                        "ca",
                        "issue",
                        dir.toString(),
                        "--host",
                        "hv-" + number,
                        "--ip",
                        "10.0.0." + number,
                        "--wait",
                        "900");
            }));
        }

        assertThat(asked).allSatisfy(one -> assertThat(one.join()).isZero());
        for (int i = 1; i <= 3; i++) {
            assertThat(certificate(dir.resolve("hv-" + i + ".pem")).getSubjectX500Principal())
                    .hasToString("CN=hv-" + i);
        }
    }

    @Test
    void aCertificateIsForOneWrittenAddressAndForHostsOfAnyName(@TempDir Path dir) throws Exception {
        assertThat(vmha("ca", "init", dir.toString(), "--json")).as("%s", err).isZero();
        assertThat(Document.parse(out.toString()).text("key"))
                .isEqualTo(dir.resolve("ca.key").toString());

        for (String ip : List.of("", "0.0.0.0", "10.0.0", "localhost", "224.0.0.1", "fe80::1%lo")) {
            assertThat(vmha("ca", "issue", dir.toString(), "--host", "hv-1", "--ip", ip))
                    .as("'%s'", ip)
                    .isEqualTo(1);
            assertThat(err.toString()).contains("but is '" + ip + "'");
        }
        assertThat(vmha("ca", "issue", dir.toString(), "--host", "hv_1", "--ip", "fd00::1"))
                .as("%s", err)
                .isZero();
        assertThat(certificate(dir.resolve("hv_1.pem")).getSubjectAlternativeNames())
                .hasSize(1);
    }

    @Test
    void aDirectoryThatCannotBeUsedIsNamedWithTheReason() {
        assertThat(vmha("ca", "init", "/proc/self/cmdline/x")).isEqualTo(1);

        assertThat(err.toString()).contains("/proc/self/cmdline", "cannot be used", "may write to");
    }

    private static X509Certificate certificate(Path pem) throws IOException, CertificateException {
        try (var in = Files.newInputStream(pem)) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }
}

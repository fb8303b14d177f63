package io.vmha.node.raft;

import java.io.IOException;
import java.io.Writer;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A certificate authority for one test. */
final class TestCertificates {
    private final Path dir;
    private final KeyPair key;
    private final X500Name name;
    private final Path authority;
    private long serial = 1;

    TestCertificates(Path dir, String name) throws IOException, GeneralSecurityException, OperatorCreationException {
        this.dir = Files.createDirectories(dir.resolve(name));
        this.name = new X500Name("CN=" + name);
        this.key = newKey();
        this.authority = this.dir.resolve("ca.pem");
        write(authority, sign(this.name, key, null, Instant.now().plus(Duration.ofDays(30))));
    }

    RaftTls issue(String host, InetAddress address)
            throws IOException, GeneralSecurityException, OperatorCreationException {
        return issue(host, address, Instant.now().plus(Duration.ofDays(30)));
    }

    RaftTls issue(String host, InetAddress address, Instant until)
            throws IOException, GeneralSecurityException, OperatorCreationException {
        KeyPair pair = newKey();
        Path certificate = dir.resolve(host + ".pem");
        Path keyFile = dir.resolve(host + ".key");
        write(certificate, sign(new X500Name("CN=" + host), pair, address, until));
        write(keyFile, new JcaPKCS8Generator(pair.getPrivate(), null).generate());
        return new RaftTls(authority, certificate, keyFile);
    }

    Path authority() {
        return authority;
    }

    private X509Certificate sign(X500Name subject, KeyPair pair, InetAddress address, Instant until)
            throws IOException, GeneralSecurityException, OperatorCreationException {
        JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                name,
                BigInteger.valueOf(serial++),
                Date.from(Instant.now().minus(Duration.ofDays(1))),
                Date.from(until),
                subject,
                pair.getPublic());
        builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(address == null));
        if (address != null) {
            builder.addExtension(
                    Extension.subjectAlternativeName,
                    false,
                    new GeneralNames(new GeneralName(GeneralName.iPAddress, address.getHostAddress())));
        }
        return new JcaX509CertificateConverter()
                .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(key.getPrivate())));
    }

    private static KeyPair newKey() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(256);
        return generator.generateKeyPair();
    }

    private static void write(Path file, Object what) throws IOException {
        try (Writer out = Files.newBufferedWriter(file);
                JcaPEMWriter pem = new JcaPEMWriter(out)) {
            pem.writeObject(what);
        }
    }
}

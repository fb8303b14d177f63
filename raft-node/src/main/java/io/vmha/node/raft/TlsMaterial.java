package io.vmha.node.raft;

import io.vmha.node.raft.RaftNodeException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.apache.ratis.grpc.GrpcTlsConfig;
import org.apache.ratis.grpc.GrpcUtil;
import org.apache.ratis.thirdparty.io.grpc.netty.GrpcSslContexts;
import org.apache.ratis.thirdparty.io.netty.handler.ssl.SslContext;
import org.apache.ratis.thirdparty.io.netty.handler.ssl.SslContextBuilder;
import org.apache.ratis.thirdparty.io.netty.handler.ssl.SslProvider;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The loaded and checked certificates of {@link RaftTls}; also the one place that says whose certificate was refused and why. */
final class TlsMaterial {
    private static final Logger LOG = LoggerFactory.getLogger(TlsMaterial.class);
    private static final int PEM_BYTES_MAX = 1 << 20;
    private static final Duration WARN_BEFORE = Duration.ofDays(14);

    private static final long LOOK_PERIOD_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final RaftTls files;
    private final KeyManager keyManager = new NewestCertificate(this);
    private final X509ExtendedTrustManager trustManager = new SpeakingTrustManager();

    /** What the files held when they were read last, and before that: a handshake may be half-way. */
    private volatile Generation newest;

    private volatile Generation previous;
    private String stamp;
    private long nextLookNanos;
    private int looks;

    /** One set of certificates. */
    record Generation(long number, X509ExtendedKeyManager keys, X509ExtendedTrustManager trust) {}

    private TlsMaterial(RaftTls files) throws IOException, GeneralSecurityException {
        this.files = files;
        this.stamp = stamp(files);
        this.newest = read(files, 1);
        this.previous = newest;
        this.nextLookNanos = System.nanoTime() + LOOK_PERIOD_NANOS;
    }

    /** @throws RaftNodeException {@code TLS} if a file is missing, malformed, expired, or the key does not belong to the certificate */
    static TlsMaterial load(RaftTls files) {
        try {
            return new TlsMaterial(files);
        } catch (IOException | GeneralSecurityException e) {
            throw new RaftNodeException(Kind.TLS, "TLS files of " + files + " cannot be used: " + e, e);
        }
    }

    private static Generation read(RaftTls files, long number) throws IOException, GeneralSecurityException {
        List<X509Certificate> authorities = certificates(files.authority());
        List<X509Certificate> chain = certificates(files.certificate());
        PrivateKey key = privateKey(files.key(), chain.get(0));
        requireMatch(files, key, chain.get(0));
        requireValidity(files, chain.get(0));
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("node", key, new char[0], chain.toArray(Certificate[]::new));
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, new char[0]);
        return new Generation(number, (X509ExtendedKeyManager) keys.getKeyManagers()[0], trustManager(authorities));
    }

    private static void requireValidity(RaftTls files, X509Certificate own) throws CertificateException {
        try {
            own.checkValidity();
        } catch (CertificateExpiredException | CertificateNotYetValidException e) {
            throw new CertificateException(
                    files.certificate() + " is valid from " + own.getNotBefore() + " to " + own.getNotAfter()
                            + " only, so every peer would refuse it; put a new one there: vmha ca issue",
                    e);
        }
        if (own.getNotAfter().toInstant().isBefore(Instant.now().plus(WARN_BEFORE))) {
            LOG.warn(
                    "raft certificate expires soon, put a new one in its place certificate={} expires={}",
                    files.certificate(),
                    own.getNotAfter());
        }
    }

    /** The certificates to use now. Files that have changed are taken up here, at the next handshake; if they cannot be used, the old ones stay. */
    Generation current() {
        long now = System.nanoTime();
        synchronized (this) {
            if (now - nextLookNanos < 0) {
                return newest;
            }
            nextLookNanos = now + LOOK_PERIOD_NANOS;
            try {
                String found = stamp(files);
                if (found.equals(stamp)) {
                    return newest;
                }
                stamp = found; // looked at once, good or bad
                looks++;
                Generation next = read(files, newest.number() + 1);
                previous = newest;
                newest = next;
                LOG.info("raft certificates have changed and are used from now on certificate={}", files.certificate());
            } catch (IOException | GeneralSecurityException e) {
                LOG.warn(
                        "raft certificates have changed but cannot be used, the old ones stay why=\"{}\"",
                        e.toString());
            }
            return newest;
        }
    }

    /** Changes of the files that were looked at. */
    synchronized int looks() {
        return looks;
    }

    /** The certificates of a generation that a handshake began with. */
    Generation generation(long number) {
        Generation latest = newest;
        return latest.number() == number ? latest : previous;
    }

    private static String stamp(RaftTls files) throws IOException {
        StringBuilder stamp = new StringBuilder();
        for (Path file : List.of(files.authority(), files.certificate(), files.key())) {
            BasicFileAttributes is = Files.readAttributes(file, BasicFileAttributes.class);
            stamp.append(is.lastModifiedTime())
                    .append(' ')
                    .append(is.size())
                    .append(' ')
                    .append(is.fileKey())
                    .append('\n');
        }
        return stamp.toString();
    }

    GrpcTlsConfig ratisConfig() {
        return GrpcTlsConfig.newBuilder()
                .setKeyManager(keyManager)
                .setTrustManager(trustManager)
                .setMutualTls(true)
                .setSslProvider(SslProvider.JDK) // no native library to unpack into a /tmp that may be noexec
                .build();
    }

    SslContext serverContext() {
        return GrpcUtil.buildSslContextForServer(ratisConfig());
    }

    SslContext clientContext() {
        try {
            return GrpcSslContexts.configure(SslContextBuilder.forClient(), SslProvider.JDK)
                    .keyManager(keyManager)
                    .trustManager(trustManager)
                    .build();
        } catch (SSLException e) {
            throw new RaftNodeException(Kind.TLS, "TLS client context cannot be built: " + e, e);
        }
    }

    private static X509ExtendedTrustManager trustManager(List<X509Certificate> authorities)
            throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        for (int i = 0; i < authorities.size(); i++) {
            store.setCertificateEntry("ca" + i, authorities.get(i));
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(store);
        return (X509ExtendedTrustManager) factory.getTrustManagers()[0];
    }

    private static List<X509Certificate> certificates(Path file) throws IOException, CertificateException {
        limit(file);
        try (InputStream in = Files.newInputStream(file)) {
            Collection<? extends Certificate> found =
                    CertificateFactory.getInstance("X.509").generateCertificates(in);
            if (found.isEmpty()) {
                throw new CertificateException(file + " holds no certificate; expected PEM (BEGIN CERTIFICATE)");
            }
            return found.stream().map(X509Certificate.class::cast).toList();
        }
    }

    private static PrivateKey privateKey(Path file, X509Certificate owner)
            throws IOException, GeneralSecurityException {
        limit(file);
        String pem = Files.readString(file, StandardCharsets.ISO_8859_1);
        String begin = "-----BEGIN PRIVATE KEY-----";
        int from = pem.indexOf(begin);
        int to = pem.indexOf("-----END PRIVATE KEY-----");
        if (from < 0 || to < from) {
            throw new InvalidKeySpecException(
                    file + " holds no PKCS #8 key; convert it: openssl pkcs8 -topk8 -nocrypt -in old.key -out new.key");
        }
        byte[] der;
        try {
            der = Base64.getMimeDecoder().decode(pem.substring(from + begin.length(), to));
        } catch (IllegalArgumentException e) {
            throw new InvalidKeySpecException(file + " is garbled between its BEGIN and END lines; copy it again", e);
        }
        String algorithm = owner.getPublicKey().getAlgorithm().toUpperCase(Locale.ROOT);
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
    }

    private static void requireMatch(RaftTls files, PrivateKey key, X509Certificate owner)
            throws GeneralSecurityException {
        String algorithm = switch (key.getAlgorithm()) {
            case "EC" -> "SHA256withECDSA";
            case "RSA" -> "SHA256withRSA";
            default -> key.getAlgorithm(); // Ed25519 and the like name their own
        };
        Signature signature = Signature.getInstance(algorithm);
        signature.initSign(key);
        signature.update((byte) 1);
        byte[] proof = signature.sign();
        signature.initVerify(owner);
        signature.update((byte) 1);
        if (!signature.verify(proof)) {
            throw new InvalidKeySpecException(
                    files.key() + " does not belong to the certificate " + files.certificate());
        }
    }

    private static void limit(Path file) throws IOException {
        if (Files.size(file) > PEM_BYTES_MAX) {
            throw new IOException(file + " is larger than " + PEM_BYTES_MAX + " bytes");
        }
    }

    /** Says in one line whose certificate was refused; the TLS stack itself would only break the connection. */
    private final class SpeakingTrustManager extends X509ExtendedTrustManager {
        private String lastSaid = "";

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
            check("client", "?", chain, () -> current().trust().checkClientTrusted(chain, authType));
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
            check("server", "?", chain, () -> current().trust().checkServerTrusted(chain, authType));
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
                throws CertificateException {
            check("client", "?", chain, () -> current().trust().checkClientTrusted(chain, authType, socket));
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
                throws CertificateException {
            check("server", "?", chain, () -> current().trust().checkServerTrusted(chain, authType, socket));
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
                throws CertificateException {
            check(
                    "client",
                    String.valueOf(engine.getPeerHost()),
                    chain,
                    () -> current().trust().checkClientTrusted(chain, authType, engine));
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
                throws CertificateException {
            check(
                    "server",
                    String.valueOf(engine.getPeerHost()),
                    chain,
                    () -> current().trust().checkServerTrusted(chain, authType, engine));
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate
                    [0]; // with hints a foreign client would show nothing, and nothing could be said of it
        }

        private interface Check {
            void run() throws CertificateException;
        }

        private void check(String role, String host, X509Certificate[] chain, Check check) throws CertificateException {
            try {
                check.run();
            } catch (CertificateException e) {
                String subject = chain.length == 0
                        ? "none"
                        : chain[0].getSubjectX500Principal().getName();
                String issuer = chain.length == 0
                        ? "none"
                        : chain[0].getIssuerX500Principal().getName();
                say(role, host, subject, issuer, e.getMessage());
                throw e;
            }
        }

        /** Peers retry for ever: the same refusal is said once. */
        private synchronized void say(String role, String host, String subject, String issuer, String reason) {
            String what = String.join("\n", role, String.valueOf(host), subject, issuer, String.valueOf(reason));
            if (what.equals(lastSaid)) {
                LOG.debug("raft certificate refused again subject=\"{}\"", subject);
                return;
            }
            lastSaid = what;
            LOG.warn(
                    "raft certificate refused role={} peer={} subject=\"{}\" issuer=\"{}\" reason=\"{}\"",
                    role,
                    host,
                    subject,
                    issuer,
                    reason);
        }
    }
}

package io.vmha.node.cli;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;

/**
 * Makes keys and certificates with the JDK's own {@code keytool}, which this runtime brings along: the JDK has no public interface to sign a
 * certificate, and a library for two commands would be a large one. Keys pass through a key store in a closed directory
 * beside the authority's, which is gone afterwards.
 */
final class CertificateOffice {
    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");
    private static final int KEYTOOL_SECONDS_MAX = 60;
    private static final long LOOK_AGAIN_NANOS = 50_000_000;
    private static final String WORKSHOP = ".work-";
    private static final int LINE = 64;
    private static final int DAYS_MAX = 36_500;
    /** What a certificate may name as a DNS name; host names of Nova may have more than that. */
    private static final String LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?";

    private static final Pattern DNS = Pattern.compile(LABEL + "(\\." + LABEL + ")*");

    private final Path dir;
    private final Duration patience;

    /** @param patience how long another one that works in the directory is waited for */
    CertificateOffice(Path dir, Duration patience) {
        this.dir = dir;
        this.patience = patience;
    }

    /** @throws IOException with a sentence for people */
    void init(int days) throws IOException {
        requireDays(days);
        Files.createDirectories(dir);
        alone(store -> {
            requireAbsent();
            store.keytool(
                    "-genkeypair",
                    "-alias",
                    "ca",
                    "-keyalg",
                    "EC",
                    "-groupname",
                    "secp256r1",
                    "-sigalg",
                    "SHA256withECDSA",
                    "-dname",
                    "CN=vmha CA",
                    "-validity",
                    Integer.toString(days),
                    "-ext",
                    "bc:critical=ca:true,pathlen:0",
                    "-ext",
                    "ku:critical=keyCertSign,cRLSign");
            put("ca", store.key("ca"), pem(store.certificate("ca")));
        });
    }

    /** @throws IOException with a sentence for people */
    void issue(String host, InetAddress ip, int days) throws IOException {
        requireDays(days);
        if (!HOST.matcher(host).matches()) {
            throw new IOException("a host's name has letters, digits, '.', '_' and '-' only but is '" + host + "'");
        }
        if (host.equals("ca")) {
            throw new IOException("'ca' is the name of the authority's own files; choose another one for the host");
        }
        if (!has("ca.key") && !has("ca.pem")) {
            throw new IOException(
                    "there is no authority in " + dir + " (ca.key and ca.pem); make one: vmha ca init " + dir);
        }
        alone(store -> {
            requireWhole();
            store.readAuthority(dir.resolve("ca.key"), dir.resolve("ca.pem"));
            store.keytool(
                    "-genkeypair",
                    "-alias",
                    "node",
                    "-keyalg",
                    "EC",
                    "-groupname",
                    "secp256r1",
                    "-sigalg",
                    "SHA256withECDSA",
                    "-dname",
                    "CN=" + host,
                    "-validity",
                    Integer.toString(days));
            Path request = store.file("request");
            Path signed = store.file("signed");
            store.keytool("-certreq", "-alias", "node", "-file", request.toString());
            store.keytool(
                    "-gencert",
                    "-alias",
                    "ca",
                    "-infile",
                    request.toString(),
                    "-outfile",
                    signed.toString(),
                    "-rfc",
                    "-validity",
                    Integer.toString(days),
                    "-ext",
                    "san=ip:" + ip.getHostAddress() + (DNS.matcher(host).matches() ? ",dns:" + host : ""),
                    "-ext",
                    "eku=serverAuth,clientAuth",
                    "-ext",
                    "ku:critical=digitalSignature");
            put(host, store.key("node"), Files.readString(signed, StandardCharsets.US_ASCII));
        });
    }

    private static void requireDays(int days) throws IOException {
        if (days < 1 || days > DAYS_MAX) {
            throw new IOException("--days must be from 1 to " + DAYS_MAX + " but is " + days);
        }
    }

    private boolean has(String name) {
        return Files.exists(dir.resolve(name), LinkOption.NOFOLLOW_LINKS);
    }

    private void requireAbsent() throws IOException {
        if (has("ca.key") || has("ca.pem")) {
            requireWhole();
            throw new IOException(dir.resolve("ca.key")
                    + " is there already; to begin a new authority choose another directory, and let every host trust"
                    + " both (two certificates in one ca.pem) until all have new certificates");
        }
    }

    /** Half an authority is never completed or replaced: the other half may be what all hosts trust. */
    private void requireWhole() throws IOException {
        if (has("ca.key") != has("ca.pem")) {
            String found = has("ca.key") ? "ca.key" : "ca.pem";
            String missing = has("ca.key") ? "ca.pem" : "ca.key";
            throw new IOException("expected ca.key and ca.pem in " + dir + " but found only " + found + ": put "
                    + missing + " back, or, if vmha ca init was interrupted here or this is a host's directory,"
                    + " make the authority in another one");
        }
    }

    /** A key and its certificate appear whole, one right after the other; vmhad keeps what it has until both fit. */
    private void put(String name, String key, String certificate) throws IOException {
        Path nextKey = written(name + ".key", key, "rw-------");
        Path nextPem = written(name + ".pem", certificate, "rw-r--r--");
        Files.move(nextKey, dir.resolve(name + ".key"), StandardCopyOption.ATOMIC_MOVE);
        Files.move(nextPem, dir.resolve(name + ".pem"), StandardCopyOption.ATOMIC_MOVE);
    }

    private Path written(String name, String text, String permissions) throws IOException {
        Path next = dir.resolve(name + ".new");
        Files.deleteIfExists(next);
        Files.createFile(next, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions)));
        Files.setPosixFilePermissions(next, PosixFilePermissions.fromString(permissions)); // whatever the umask is
        try {
            Files.writeString(next, text, StandardOpenOption.SYNC);
        } catch (IOException e) { // which does not name the file
            throw new FileSystemException(next.toString(), null, e.getMessage());
        }
        return next;
    }

    private static String pem(Certificate certificate) throws IOException {
        try {
            return pem("CERTIFICATE", certificate.getEncoded());
        } catch (GeneralSecurityException e) {
            throw new IOException("the certificate cannot be written: " + e.getMessage(), e);
        }
    }

    private static String pem(String what, byte[] der) {
        String text = Base64.getMimeEncoder(LINE, new byte[] {'\n'}).encodeToString(der);
        return "-----BEGIN " + what + "-----\n" + text + "\n-----END " + what + "-----\n";
    }

    /** Work with a key store that is gone afterwards. */
    private interface Work {
        void with(Store store) throws IOException;
    }

    /** Two at a time would mix their keys and certificates. */
    private void alone(Work work) throws IOException {
        try (var lock = FileChannel.open(
                dir.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS)) {
            long sinceNanos = System.nanoTime();
            while (!isTaken(lock)) {
                if (System.nanoTime() - sinceNanos >= patience.toNanos()
                        || Thread.currentThread().isInterrupted()) {
                    throw new IOException("another vmha ca is at work in " + dir + " for longer than "
                            + patience.toSeconds() + " s: try again when it has ended");
                }
                LockSupport.parkNanos(LOOK_AGAIN_NANOS);
            }
            inPrivate(work);
        }
    }

    private static boolean isTaken(FileChannel lock) throws IOException {
        try {
            return lock.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false; // by this very process
        }
    }

    /** Beside the authority's own key, where there is as much space and privacy as for that; /tmp may be neither private nor writable. */
    private void inPrivate(Work work) throws IOException {
        try (var left = Files.newDirectoryStream(dir, WORKSHOP + "*")) {
            for (Path ofOneThatWasKilled : left) {
                remove(ofOneThatWasKilled);
            }
        }
        Path closed = Files.createTempDirectory(
                dir, WORKSHOP, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        try {
            work.with(new Store(closed));
        } finally {
            remove(closed);
        }
    }

    private static void remove(Path closed) throws IOException {
        try (var files = Files.newDirectoryStream(closed)) {
            for (Path file : files) {
                Files.delete(file);
            }
        }
        Files.delete(closed);
    }

    /** A key store in a directory that nobody else may enter, under a password that nobody keeps. */
    private static final class Store {
        private final Path closed;
        private final String password;

        Store(Path closed) {
            byte[] random = new byte[16];
            new SecureRandom().nextBytes(random);
            this.closed = closed;
            this.password = HexFormat.of().formatHex(random);
        }

        Path file(String name) {
            return closed.resolve(name);
        }

        void keytool(String... words) throws IOException {
            var command = new ArrayList<String>();
            command.add(
                    Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
            command.addAll(List.of(words));
            command.addAll(List.of(
                    "-keystore", file("store").toString(), "-storetype", "PKCS12", "-storepass:env", "VMHA_STORE"));
            var builder = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(file("said").toFile());
            builder.environment().put("VMHA_STORE", password);
            Process process = builder.start();
            process.getOutputStream().close();
            try {
                if (!process.waitFor(KEYTOOL_SECONDS_MAX, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                    throw new IOException("keytool did not end within " + KEYTOOL_SECONDS_MAX + " s");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
            if (process.exitValue() != 0) {
                throw new IOException("keytool " + words[0] + " failed: "
                        + Files.readString(file("said"), StandardCharsets.UTF_8).strip());
            }
        }

        private KeyStore load() throws IOException, GeneralSecurityException {
            KeyStore store = KeyStore.getInstance("PKCS12");
            if (Files.exists(file("store"))) {
                try (var in = Files.newInputStream(file("store"))) {
                    store.load(in, password.toCharArray());
                }
            } else {
                store.load(null, null);
            }
            return store;
        }

        Certificate certificate(String alias) throws IOException {
            try {
                return load().getCertificate(alias);
            } catch (GeneralSecurityException e) {
                throw new IOException("the new certificate cannot be read: " + e.getMessage(), e);
            }
        }

        String key(String alias) throws IOException {
            try {
                return pem(
                        "PRIVATE KEY",
                        load().getKey(alias, password.toCharArray()).getEncoded());
            } catch (GeneralSecurityException e) {
                throw new IOException("the new key cannot be read: " + e.getMessage(), e);
            }
        }

        void readAuthority(Path key, Path certificate) throws IOException {
            try (var in = Files.newInputStream(certificate)) {
                var authority = java.security.cert.CertificateFactory.getInstance("X.509")
                        .generateCertificate(in);
                String text = Files.readString(key, StandardCharsets.US_ASCII)
                        .replaceAll("-----[A-Z ]+-----", "")
                        .strip();
                var spec = new java.security.spec.PKCS8EncodedKeySpec(
                        Base64.getMimeDecoder().decode(text));
                var secret = java.security.KeyFactory.getInstance(
                                authority.getPublicKey().getAlgorithm())
                        .generatePrivate(spec);
                KeyStore store = load();
                store.setKeyEntry("ca", secret, password.toCharArray(), new Certificate[] {authority});
                try (var out = Files.newOutputStream(file("store"))) {
                    store.store(out, password.toCharArray());
                }
            } catch (GeneralSecurityException | IllegalArgumentException e) {
                throw new IOException("the authority in " + key.getParent() + " cannot be used: " + e.getMessage(), e);
            }
        }
    }
}

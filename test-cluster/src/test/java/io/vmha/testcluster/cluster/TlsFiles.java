package io.vmha.testcluster.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A certificate authority by {@code openssl}, as an operator would make one, and a certificate for each host. */
final class TlsFiles {
    private static final List<String> NEW_KEY =
            List.of("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout");

    private final Path directory;

    TlsFiles(Path directory) {
        try {
            this.directory = Files.createDirectories(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        openssl("req", "-x509", "-days", "2", "-subj", "/CN=test", "-out", "ca.pem", "ca.key");
    }

    Path authority() {
        return directory.resolve("ca.pem");
    }

    /** Issues a certificate for the host and names it in its settings. */
    void configure(ClusterHost host, VmhadSettings settings) {
        String name = host.name();
        try {
            Files.writeString(directory.resolve(name + ".ext"), "subjectAltName=IP:" + host.address() + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        openssl("req", "-subj", "/CN=" + name, "-out", name + ".csr", name + ".key");
        run(List.of(
                "openssl",
                "x509",
                "-req",
                "-in",
                name + ".csr",
                "-CA",
                "ca.pem",
                "-CAkey",
                "ca.key",
                "-CAcreateserial",
                "-days",
                "2",
                "-extfile",
                name + ".ext",
                "-out",
                name + ".pem"));
        settings.set("raft.tls.ca", authority().toString())
                .set("raft.tls.cert", directory.resolve(name + ".pem").toString())
                .set("raft.tls.key", directory.resolve(name + ".key").toString());
    }

    /** The last argument is the file of the new key. */
    private void openssl(String... arguments) {
        var command = new ArrayList<String>();
        command.add("openssl");
        command.addAll(Arrays.asList(arguments).subList(0, arguments.length - 1));
        command.addAll(NEW_KEY);
        command.add(arguments[arguments.length - 1]);
        run(command);
    }

    private void run(List<String> command) {
        try {
            Process process = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IllegalStateException(command + " failed: " + said);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("is the Debian package openssl installed?", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}

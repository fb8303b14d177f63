package io.vmha.node.raft;

import java.nio.file.Path;
import java.util.Objects;

/**
 * Mutual TLS between all nodes: whoever has a certificate of this authority is a node, whoever has not is refused.
 *
 * <p>The certificate must name the cluster IP as a subject alternative name (type IP), because peers connect to it by address,
 * and be usable for both ends (serverAuth and clientAuth, or no extended key usage at all).
 *
 * @param authority PEM, one or more certificates to trust
 * @param certificate PEM, this node's certificate, then any intermediates
 * @param key PEM, its private key: PKCS #8 ({@code BEGIN PRIVATE KEY}), RSA or EC, not encrypted
 */
public record RaftTls(Path authority, Path certificate, Path key) {
    public RaftTls {
        Objects.requireNonNull(authority, "authority");
        Objects.requireNonNull(certificate, "certificate");
        Objects.requireNonNull(key, "key");
    }

    /**
     * Reads the files as the node would.
     *
     * @throws RaftNodeException {@code TLS} if a file is missing, malformed, expired, or the key does not belong to the certificate
     */
    public void requireUsable() {
        var unused = TlsMaterial.load(this);
    }
}

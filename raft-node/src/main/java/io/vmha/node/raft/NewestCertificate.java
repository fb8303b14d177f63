package io.vmha.node.raft;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;

/** Shows this node's certificate of the day: each handshake chooses the newest, and stays with it by a name that holds its number. */
final class NewestCertificate extends X509ExtendedKeyManager {
    private final TlsMaterial material;

    NewestCertificate(TlsMaterial material) {
        this.material = material;
    }

    @Override
    public String chooseEngineClientAlias(String[] keyType, Principal[] issuers, SSLEngine engine) {
        TlsMaterial.Generation now = material.current();
        return named(now, now.keys().chooseEngineClientAlias(keyType, issuers, engine));
    }

    @Override
    public String chooseEngineServerAlias(String keyType, Principal[] issuers, SSLEngine engine) {
        TlsMaterial.Generation now = material.current();
        return named(now, now.keys().chooseEngineServerAlias(keyType, issuers, engine));
    }

    @Override
    public String chooseClientAlias(String[] keyType, Principal[] issuers, Socket socket) {
        TlsMaterial.Generation now = material.current();
        return named(now, now.keys().chooseClientAlias(keyType, issuers, socket));
    }

    @Override
    public String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
        TlsMaterial.Generation now = material.current();
        return named(now, now.keys().chooseServerAlias(keyType, issuers, socket));
    }

    @Override
    public String[] getClientAliases(String keyType, Principal[] issuers) {
        return material.current().keys().getClientAliases(keyType, issuers);
    }

    @Override
    public String[] getServerAliases(String keyType, Principal[] issuers) {
        return material.current().keys().getServerAliases(keyType, issuers);
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
        return of(alias).keys().getCertificateChain(inner(alias));
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
        return of(alias).keys().getPrivateKey(inner(alias));
    }

    private static String named(TlsMaterial.Generation generation, String alias) {
        return alias == null ? null : generation.number() + "/" + alias;
    }

    private TlsMaterial.Generation of(String alias) {
        int slash = alias.indexOf('/');
        return slash < 0 ? material.current() : material.generation(Long.parseLong(alias.substring(0, slash)));
    }

    private static String inner(String alias) {
        return alias.substring(alias.indexOf('/') + 1);
    }
}

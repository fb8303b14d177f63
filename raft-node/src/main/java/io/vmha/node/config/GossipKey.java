package io.vmha.node.config;

import java.util.Arrays;
import java.util.Base64;

/** A gossip encryption key: AES-128, -192 or -256. Never printed. */
public final class GossipKey {
    private final byte[] bytes;

    private GossipKey(byte[] bytes) {
        this.bytes = bytes;
    }

    /**
     * Decodes a key as {@code serf keygen} and {@code consul keygen} write it.
     *
     * @throws IllegalArgumentException saying what was expected and found, without the key
     */
    static GossipKey ofBase64(String text) {
        byte[] bytes;
        try {
            bytes = Base64.getDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "must be a key in base64, as `serf keygen` prints it, but is no base64", e);
        }
        if (bytes.length != 16 && bytes.length != 24 && bytes.length != 32) {
            throw new IllegalArgumentException("must be a key of 16, 24 or 32 bytes in base64 but has " + bytes.length
                    + " bytes; make one with: openssl rand -base64 32");
        }
        return new GossipKey(bytes);
    }

    /** A fresh copy of the key. */
    public byte[] bytes() {
        return bytes.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof GossipKey key && Arrays.equals(bytes, key.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return "(hidden, " + bytes.length + " bytes)";
    }
}

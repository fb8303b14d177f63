package io.vmha.gossip.wire;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** The gossip keys. The first one encrypts; all of them are tried to decrypt. Without keys everything travels in the clear. */
public final class Keyring {
    /** Bytes of randomness each encryption needs; never use the same ones twice with the same key. */
    public static final int NONCE_BYTES = 12;

    public static final Keyring NONE = new Keyring(List.of());

    /** Version byte, nonce and tag around the text. */
    static final int OVERHEAD = 1 + NONCE_BYTES + 16;

    private static final int TAG_BITS = 128;
    private static final int BLOCK_BYTES = 16;

    private final List<SecretKeySpec> keys;

    private Keyring(List<SecretKeySpec> keys) {
        this.keys = List.copyOf(keys);
    }

    /**
     * A ring of the given keys.
     *
     * @param keys the primary key first
     * @throws IllegalArgumentException naming the key that has a wrong length
     */
    public static Keyring of(List<byte[]> keys) {
        if (keys.size() > Limits.KEYS_MAX) {
            throw new IllegalArgumentException(
                    "expected at most " + Limits.KEYS_MAX + " gossip keys but found " + keys.size());
        }
        List<SecretKeySpec> specs = new ArrayList<>();
        for (byte[] key : keys) {
            if (key.length != 16 && key.length != 24 && key.length != 32) {
                throw new IllegalArgumentException("gossip key " + (specs.size() + 1)
                        + ": expected 16, 24 or 32 bytes but found " + key.length
                        + "; make one with: head -c 32 /dev/urandom | base64");
            }
            specs.add(new SecretKeySpec(key, "AES"));
        }
        return new Keyring(specs);
    }

    /** The keys, the primary one first. */
    public List<Bytes> keys() {
        return keys.stream().map(key -> Bytes.wrap(key.getEncoded())).toList();
    }

    /**
     * This ring and one more key that opens messages.
     *
     * @throws IllegalArgumentException if its length is wrong or the ring is full
     */
    public Keyring with(Bytes key) {
        List<Bytes> all = new ArrayList<>(keys());
        if (all.contains(key)) {
            return this;
        }
        all.add(key);
        return ofBytes(all);
    }

    /** This ring with one of its keys as the one that encrypts. */
    public Keyring withPrimary(Bytes key) {
        List<Bytes> all = new ArrayList<>(keys());
        if (!all.remove(key)) {
            throw new IllegalArgumentException("the requested key is not in the keyring");
        }
        all.add(0, key);
        return ofBytes(all);
    }

    /** This ring without one of its keys, which must not be the primary one. */
    public Keyring without(Bytes key) {
        List<Bytes> all = new ArrayList<>(keys());
        if (!all.isEmpty() && all.get(0).equals(key)) {
            throw new IllegalArgumentException("removing the primary key is not allowed");
        }
        all.remove(key);
        return ofBytes(all);
    }

    private static Keyring ofBytes(List<Bytes> keys) {
        return of(keys.stream().map(Bytes::toArray).toList());
    }

    public boolean isEmpty() {
        return keys.isEmpty();
    }

    /** Encryption version 1: no padding. */
    byte[] encrypt(byte[] plain, byte[] nonce, byte[] associatedData) {
        if (nonce.length != NONCE_BYTES) {
            throw new IllegalArgumentException("a nonce has " + NONCE_BYTES + " bytes, not " + nonce.length);
        }
        try {
            Cipher cipher = cipher(Cipher.ENCRYPT_MODE, keys.get(0), nonce, associatedData);
            byte[] sealed = cipher.doFinal(plain);
            return ByteBuffer.allocate(1 + NONCE_BYTES + sealed.length)
                    .put((byte) 1)
                    .put(nonce)
                    .put(sealed)
                    .array();
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("AES-GCM is not usable in this Java runtime", impossible);
        }
    }

    /** Opens a blob of version 0 or 1 with any key of the ring. */
    byte[] decrypt(byte[] source, int from, int to, byte[] associatedData) {
        if (to - from < OVERHEAD) {
            throw new WireFormatException(
                    "an encrypted message has at least " + OVERHEAD + " bytes but this has " + (to - from));
        }
        int version = source[from] & 0xff;
        if (version > 1) {
            throw new WireFormatException("encryption version must be 0 or 1 but is " + version);
        }
        byte[] nonce = Arrays.copyOfRange(source, from + 1, from + 1 + NONCE_BYTES);
        int textAt = from + 1 + NONCE_BYTES;
        for (SecretKeySpec key : keys) {
            try {
                byte[] plain =
                        cipher(Cipher.DECRYPT_MODE, key, nonce, associatedData).doFinal(source, textAt, to - textAt);
                return version == 0 ? withoutPadding(plain) : plain;
            } catch (AEADBadTagException otherKey) {
                // not sealed with this key, or damaged: try the next
            } catch (GeneralSecurityException impossible) {
                throw new IllegalStateException("AES-GCM is not usable in this Java runtime", impossible);
            }
        }
        throw new WireFormatException("no gossip key of ours opens this message");
    }

    private static Cipher cipher(int mode, SecretKeySpec key, byte[] nonce, byte[] associatedData)
            throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
        cipher.updateAAD(associatedData);
        return cipher;
    }

    /**
     * PKCS#7, used by memberlist protocol 1 only. The version byte is outside of the seal, so somebody without a key can turn version 1
     * into 0: then what looks like padding must be checked, or the end of a message could be cut off.
     */
    private static byte[] withoutPadding(byte[] padded) {
        int padding = padded.length == 0 ? 0 : padded[padded.length - 1] & 0xff;
        if (padding < 1 || padding > BLOCK_BYTES || padding > padded.length) {
            throw new WireFormatException("padding must have 1 to " + BLOCK_BYTES + " bytes but says " + padding);
        }
        boolean whole = padded.length % BLOCK_BYTES == 0;
        for (int i = padded.length - padding; i < padded.length && whole; i++) {
            whole = padded[i] == padding;
        }
        if (!whole) {
            throw new WireFormatException("a padded message must fill its last block of " + BLOCK_BYTES
                    + " bytes with their number, " + padding);
        }
        return Arrays.copyOf(padded, padded.length - padding);
    }
}

package io.vmha.gossip.wire;

/**
 * What all nodes of a pool have to agree on, and whether we compress (receivers always understand both).
 *
 * @param label separates pools that share addresses; empty for none. Serf and Consul agents have none
 */
public record WireSettings(Keyring keyring, String label, boolean compress) {
    public static final WireSettings PLAIN = new WireSettings(Keyring.NONE, "", false);

    public WireSettings {
        if (Bytes.utf8(label).length() > Limits.LABEL_BYTES_MAX) {
            throw new IllegalArgumentException("gossip label must have at most " + Limits.LABEL_BYTES_MAX
                    + " bytes but has " + Bytes.utf8(label).length());
        }
    }

    /** The same with other keys. */
    public WireSettings withKeyring(Keyring newKeyring) {
        return new WireSettings(newKeyring, label, compress);
    }

    /** Bytes that label and encryption add to each datagram. */
    public int packetOverhead() {
        return (label.isEmpty() ? 0 : 2 + Bytes.utf8(label).length()) + (keyring.isEmpty() ? 0 : Keyring.OVERHEAD);
    }

    byte[] labelBytes() {
        return Bytes.utf8(label).shared();
    }
}

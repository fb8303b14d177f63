package io.vmha.gossip.wire;

/**
 * Bounds on everything a peer can make us allocate or recurse into. All are checked before the allocation. They are far above what a
 * pool of several thousand nodes needs and low enough for a daemon with a 64 MiB heap.
 */
public final class Limits {
    /** Largest UDP payload: a receive buffer of this size never truncates. */
    public static final int DATAGRAM_BYTES_MAX = 65_535;

    /** All plaintext that one datagram may inflate to. Real messages stay below 64 KiB. */
    public static final int DATAGRAM_INFLATED_BYTES_MAX = 256 * 1024;

    /** One message on a stream, as received. memberlist allows 20 MiB, enough for 50 000 nodes; this is enough for 10 000. */
    public static final int STREAM_BYTES_MAX = 4 * 1024 * 1024;

    /** One message on a stream after inflating. */
    public static final int STREAM_INFLATED_BYTES_MAX = 8 * 1024 * 1024;

    /** Nodes in one push/pull state. */
    public static final int PUSH_PULL_NODES_MAX = 16_384;

    /** memberlist net.go, MetaMaxSize. */
    public static final int META_BYTES_MAX = 512;

    /** Node name in bytes; Serf itself allows 128 when it validates. */
    public static final int NAME_BYTES_MAX = 255;

    /** A label is prefixed by one length byte. */
    public static final int LABEL_BYTES_MAX = 255;

    /** Text of an error reply that is worth keeping. */
    public static final int ERROR_TEXT_BYTES_MAX = 4096;

    /** Layers inside a datagram: checksum, compression, compound, and one spare. */
    public static final int LAYER_DEPTH_MAX = 5;

    /** Messages delivered from one datagram, nested compounds included. */
    public static final int DATAGRAM_MESSAGES_MAX = 1024;

    /** Nesting of msgpack lists and maps. */
    public static final int MSGPACK_DEPTH_MAX = 16;

    /** msgpack values in one message. A Serf state has two per member and 512 event slots. */
    public static final int MSGPACK_VALUES_MAX = 256 * 1024;

    /** Keys in a ring; each one costs a decryption attempt per packet that no key opens. */
    public static final int KEYS_MAX = 16;

    /** Tags of one member. 512 bytes of metadata cannot hold more than 170. */
    public static final int TAGS_MAX = 256;

    private Limits() {}
}

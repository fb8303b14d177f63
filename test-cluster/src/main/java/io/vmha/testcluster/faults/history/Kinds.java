package io.vmha.testcluster.faults.history;

/** The kinds of events, with the fields that each has. */
public final class Kinds {
    /** The run itself: {@code seed hosts vms guests proofs workloads nemeses versions}. */
    public static final String RUN = "run";
    /** A fault begins: {@code id name targets detail cut silent mass}. */
    public static final String FAULT = "fault";
    /** The proof that a fault really happened, or that it did not: {@code id bit proof}. */
    public static final String BITE = "bite";
    /** A fault is healed: {@code id}. */
    public static final String HEALED = "healed";
    /** The power of a host changed, by the injector's own hand: {@code host on by}. */
    public static final String POWER = "power";
    /** A daemon started, ended, or was signalled: {@code host what}. */
    public static final String DAEMON = "daemon";
    /** A call to Nova or Keystone, as the proxy in front saw it: {@code caller method path body status took_ms fault committed vm evidence}. */
    public static final String NOVA = "nova";
    /** A daemon as it shows itself: {@code host role leader term index}. */
    public static final String VIEW = "view";
    /** One life of a guest, by its own heartbeats: {@code vm nonce host from_ms to_ms beats gaps}, and {@code went_back} if its count did. */
    public static final String GUEST = "guest";
    /** One life of a guest as the shared disk saw its writes: {@code vm nonce host from_ms to_ms writes}, and the two of above. */
    public static final String DISK = "disk";
    /** An operation of a client on the store: {@code process op key value result} with {@code invoked_ms}. */
    public static final String OPERATION = "operation";
    /** What a daemon uses: {@code host rss_kib threads data_kib}, and {@code kinds} of threads where there are many. */
    public static final String SAMPLE = "sample";
    /** The committed incidents, as one replica has them: {@code host index incidents state}. */
    public static final String REPLICA = "replica";
    /** How far a voter is and what its state comes to: {@code group host index digest}. */
    public static final String STATE = "state";
    /** What Nova says at the end: {@code servers}, each with id, name, status, host. */
    public static final String SERVERS = "servers";
    /** A member's view of the pool at the end: {@code host alive}; {@code wanted} is the truth. */
    public static final String POOL = "pool";
    /** All faults are healed and everything has settled, or not: {@code ok took_ms why}. */
    public static final String CONVERGED = "converged";
    /** What an operator did: {@code what host status}. */
    public static final String OPERATOR = "operator";
    /** Something that a reader of the report should know: {@code text}. */
    public static final String NOTE = "note";

    private Kinds() {}
}

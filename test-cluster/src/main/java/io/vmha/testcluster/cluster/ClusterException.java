package io.vmha.testcluster.cluster;

/** The cluster on this machine is not as it should be; the message says why and what was seen. */
public final class ClusterException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ClusterException(String message) {
        super(message);
    }

    public ClusterException(String message, Throwable cause) {
        super(message, cause);
    }
}

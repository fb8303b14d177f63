package io.vmha.recovery.core;

/** Nova or Keystone did not do what was asked. */
public final class ComputeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What is known of the request's effect. */
    public enum Kind {
        /** It was answered with a refusal (4xx): nothing changed. */
        REFUSED,
        /** The credentials were refused (401, 403): nothing changed. */
        UNAUTHORIZED,
        /** It did not leave, because who asked may not ask any more: nothing changed. */
        NOT_SENT,
        /** No answer, a reset or a 5xx: it may or may not have taken effect; read before asking again. */
        UNKNOWN
    }

    private final Kind kind;
    private final int status;

    /** @param status the HTTP status, or 0 when there was no answer */
    public ComputeException(Kind kind, int status, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
        this.status = status;
    }

    public Kind kind() {
        return kind;
    }

    public int status() {
        return status;
    }
}

package io.vmha.testcluster.model;

/** The list of runs cannot be read, or TLC cannot be run; the message says what to do. */
public final class ModelException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ModelException(String message) {
        super(message);
    }

    ModelException(String message, Throwable cause) {
        super(message, cause);
    }
}

package io.vmha.recovery.core;

/** The hypervisor did not answer, or did not do what it was asked. */
public final class HypervisorException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public HypervisorException(String message, Throwable cause) {
        super(message, cause);
    }
}

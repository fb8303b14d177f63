package io.vmha.testcluster.faults.lab;

/** The test bed itself does not work: no finding about the product. */
public final class LabException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public LabException(String message) {
        super(message);
    }

    public LabException(String message, Throwable cause) {
        super(message, cause);
    }
}

package io.vmha.recovery.core;

/** Whether something listens at an address: how a group of VMs shows that it is ready. Blocks for a second or two at the longest. */
@FunctionalInterface
public interface Doorbell {
    /** Nobody ever answers: where readiness is not looked at, it is not waited for beyond its time limit. */
    Doorbell NONE = address -> false;

    /**
     * Knocks once.
     *
     * @param address an IP address and a port, such as {@code 10.0.0.5:5432} or {@code 2001:db8::5:5432} */
    boolean answers(String address);
}

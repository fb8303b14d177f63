package io.vmha.recovery.core;

/**
 * Whether a host fences itself when it loses its lease (S6): its guard, and its watchdog where one is configured, answered a self-test. Only
 * then is the end of its lease a proof.
 *
 * @param detail why it is not armed, or what enforces the lease
 * @param boot names the boot of the host that said so; empty if unknown
 */
public record Arming(boolean armed, String detail, String boot) {
    /** The longest detail that is kept: it comes from the network. */
    public static final int DETAIL_MAX = 200;

    /** What is known of a host that has not reported. */
    public static final Arming UNREPORTED = new Arming(false, "it has not reported a guard yet");

    public Arming {
        detail = detail.length() > DETAIL_MAX ? detail.substring(0, DETAIL_MAX) : detail;
        boot = boot.length() > DETAIL_MAX ? boot.substring(0, DETAIL_MAX) : boot;
    }

    /** A word of a host whose boot is not known. */
    public Arming(boolean armed, String detail) {
        this(armed, detail, "");
    }

    /** The same word, said in this boot. */
    public Arming in(String itsBoot) {
        return new Arming(armed, detail, itsBoot);
    }
}

package io.vmha.gossip.serf;

import java.util.Locale;

/** What Serf says about a member. */
public enum MemberStatus {
    ALIVE(1),
    LEAVING(2),
    LEFT(3),
    FAILED(4);

    private final int code;

    MemberStatus(int code) {
        this.code = code;
    }

    /** The number that Consul's HTTP API shows. */
    public int code() {
        return code;
    }

    /** It is remembered, and not there. */
    boolean isGone() {
        return this == LEFT || this == FAILED;
    }

    /** The word that {@code serf members} prints. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}

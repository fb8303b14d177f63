package io.vmha.recovery.core;

/**
 * One host's turn to restart its daemon (S7): restarts and upgrades go one after the other, so that a majority of the voters keeps answering
 * renewals. A turn that is not given back runs out by itself.
 *
 * @param sinceAtMs wall clock of the one who took it
 */
public record RestartTurn(HostName host, long sinceAtMs) {
    /** A restart takes seconds; a holder that died must not stop an upgrade for long. */
    public static final long LIMIT_MS = 120_000;

    boolean isOver(long atMs) {
        return atMs - sinceAtMs >= LIMIT_MS || atMs < sinceAtMs - LIMIT_MS;
    }
}

package io.vmha.node.lease;

import io.vmha.recovery.core.Arming;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Asks the guard again and again whether it reads the lease file and could act on it (S6). Armed is only what it has answered lately.
 *
 * <p>A question is a nonce in the lease file; the guard repeats it in its own. The answer to the current question counts, and until its time
 * is over the answer to the one before.
 */
final class SelfTest {
    /** How long the guard may take. */
    static final long ANSWER_LIMIT_MS = 2_000;

    private static final long PERIOD_MS = 5_000;
    private static final long SILENCE_MS = 3_000;

    private final String bootId;
    private final Supplier<String> nonces;
    private String nonce = "";
    private String answered = "";
    private long askedAtMs = Long.MIN_VALUE / 2;

    SelfTest(String bootId, Supplier<String> nonces) {
        this.bootId = bootId;
        this.nonces = nonces;
    }

    /** The question that the guard is asked now. */
    String nonce(long nowMs) {
        if (nowMs - askedAtMs >= PERIOD_MS) {
            askAnew(nowMs);
        }
        return nonce;
    }

    /** What the file says has changed in kind: earlier answers were about other words. */
    void askAnew(long nowMs) {
        nonce = nonces.get();
        askedAtMs = nowMs;
    }

    /** Also forgets the last answer. */
    void distrust(long nowMs) {
        answered = "";
        askAnew(nowMs);
    }

    Arming judge(long nowMs, Optional<GuardFile> file) {
        if (file.isEmpty()) {
            return not("there is no guard; where an AZ relies on leases, vmha-guard must run");
        }
        GuardFile guard = file.get();
        if (!guard.bootId().equals(bootId)) {
            return not("the guard's report is of another boot");
        }
        long silentMs = nowMs - guard.writtenMs();
        if (silentMs > SILENCE_MS) {
            return not("the guard says nothing; is vmha-guard running?");
        }
        if (!guard.armed()) {
            return not(guard.reason().isEmpty() ? "the guard is not armed" : guard.reason());
        }
        if (guard.nonce().equals(nonce) && !nonce.isEmpty()) {
            answered = nonce;
        }
        boolean inTime = answered.equals(nonce) || (!answered.isEmpty() && nowMs - askedAtMs <= ANSWER_LIMIT_MS);
        if (!inTime) {
            return not("the guard has not answered the self-test within " + ANSWER_LIMIT_MS + " ms");
        }
        return new Arming(true, guard.watchdog().isEmpty() ? "guard" : "guard and watchdog " + guard.watchdog());
    }

    private static Arming not(String why) {
        return new Arming(false, why);
    }
}

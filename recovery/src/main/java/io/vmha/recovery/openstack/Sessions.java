package io.vmha.recovery.openstack;

import io.vmha.recovery.core.ComputeException;
import io.vmha.recovery.core.ComputeException.Kind;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The one session that all action threads share. A thread that finds its token refused renews it; the others wait for that instead of
 * logging in as well. A refused password is not tried again for a while: Keystone may lock the account.
 */
final class Sessions {
    static final Duration PASSWORD_REST = Duration.ofSeconds(10);

    private final Keystone keystone;
    private final ReentrantLock login = new ReentrantLock();
    private volatile Session session;
    private ComputeException refusal;
    private Deadline restUntil;

    Sessions(Keystone keystone) {
        this.keystone = keystone;
    }

    Session current(Deadline deadline) {
        var present = session;
        return present != null ? present : after(null, deadline);
    }

    /** A session that is not the stale one: that of another thread, or a new one. */
    Session after(Session stale, Deadline deadline) {
        await(deadline);
        try {
            if (session != null && !session.equals(stale)) {
                return session;
            }
            if (refusal != null && !restUntil.isOver()) {
                throw new ComputeException(refusal.kind(), refusal.status(), refusal.getMessage(), refusal);
            }
            refusal = null;
            session = null;
            session = keystone.login(deadline);
            return session;
        } catch (ComputeException e) {
            if (e.kind() == Kind.UNAUTHORIZED && refusal == null) {
                refusal = e;
                restUntil = Deadline.after(PASSWORD_REST);
            }
            throw e;
        } finally {
            login.unlock();
        }
    }

    private void await(Deadline deadline) {
        try {
            if (!login.tryLock(deadline.left().toNanos(), TimeUnit.NANOSECONDS)) {
                throw new ComputeException(
                        Kind.UNKNOWN, 0, "another thread's login to Keystone did not end within the time limit", null);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ComputeException(Kind.UNKNOWN, 0, "interrupted while waiting for a login to Keystone", e);
        }
    }
}

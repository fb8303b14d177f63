package io.vmha.recovery.openstack;

import io.vmha.recovery.core.ComputeException;
import io.vmha.recovery.core.ComputeException.Kind;
import io.vmha.recovery.core.Rest;
import io.vmha.recovery.core.ServerId;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The small actions on a server around its evacuation. All may be repeated without harm, and are while the outcome is unknown; none of
 * them is the evacuate call itself.
 */
final class ServerActions {
    private static final Set<Integer> TAKEN = Set.of(200, 202, 204);
    private static final int REASON_LENGTH_MAX = 255; // Nova's schema of locked_reason
    private static final Logger LOG = LoggerFactory.getLogger(ServerActions.class);

    private final NovaLink nova;

    ServerActions(NovaLink nova) {
        this.nova = nova;
    }

    void lock(ServerId id, String reason, Deadline deadline) {
        boolean takesReasons = takesLockReasons(deadline);
        var shortened = reason.length() <= REASON_LENGTH_MAX ? reason : reason.substring(0, REASON_LENGTH_MAX);
        post(id, "lock", takesReasons ? Map.of("locked_reason", shortened) : null, deadline);
        LOG.info("nova locked server={} reason=\"{}\"", id, takesReasons ? shortened : "");
    }

    void unlock(ServerId id, Deadline deadline) {
        post(id, "unlock", null, deadline);
        LOG.info("nova unlocked server={}", id);
    }

    /** True if this Nova keeps a lock's reason, so that a lock without ours is somebody else's. */
    boolean takesLockReasons(Deadline deadline) {
        return nova.versions(deadline).has(Microversion.LOCK_REASONS);
    }

    void resetState(ServerId id, Deadline deadline) {
        post(id, "os-resetState", Map.of("state", "error"), deadline);
        LOG.info("nova reset server={} to=error", id);
    }

    void rest(ServerId id, Rest how, Deadline deadline) {
        var action = switch (how) {
            case STOPPED -> "os-stop";
            case PAUSED -> "pause";
            case SUSPENDED -> "suspend";
            case AS_IT_COMES -> throw new IllegalArgumentException("nothing is to be done to bring it there");
        };
        post(id, action, null, deadline);
        LOG.info("nova asked to bring server to rest server={} action={}", id, action);
    }

    private void post(ServerId id, String action, Map<String, ?> body, Deadline deadline) {
        var path = "/servers/" + NovaCompute.encoded(id.value()) + "/action";
        var version = nova.versions(deadline)
                .nearest(Microversion.LOCK_REASONS, Microversion.SERVER_BOUNDS)
                .orElseThrow(() -> new ComputeException(
                        Kind.REFUSED,
                        0,
                        "Nova speaks microversions " + nova.versions(deadline) + " but one of "
                                + Microversion.SERVER_BOUNDS + " is needed (OpenStack Queens or newer)",
                        null));
        nova.repeated(deadline, () -> {
            var reply = nova.call("POST", path, version, Collections.singletonMap(action, body), deadline);
            if (!TAKEN.contains(reply.answer().status())) {
                throw NovaLink.failure(reply.call(), reply.answer());
            }
            return Optional.empty();
        });
    }
}

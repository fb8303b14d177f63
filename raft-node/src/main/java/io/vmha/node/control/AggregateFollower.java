package io.vmha.node.control;

import io.vmha.node.raft.GroupId;
import io.vmha.recovery.core.Compute;
import io.vmha.recovery.core.ComputeException;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.RecoveryState;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The leader's reading of the AZ's aggregate. What cannot be read, or is not the aggregate that was enabled, changes nothing: it is told to
 * people as trouble.
 */
public final class AggregateFollower {
    /** The aggregate's metadata key that names the group which owns the AZ. */
    public static final String GROUP_KEY = "vmha:group";

    private static final Logger LOG = LoggerFactory.getLogger(AggregateFollower.class);

    private static final long READ_PERIOD_MS = 3_000;
    private static final long TRY_PERIOD_MS = 500;

    private final Compute compute;
    /** The leadership in which the aggregate has been read. */
    private volatile OptionalLong readInTerm = OptionalLong.empty();

    private volatile long nextReadMs;
    private volatile long nextTryMs;
    private volatile Optional<String> trouble = Optional.empty();
    private volatile Optional<String> rival = Optional.empty();

    public AggregateFollower(Compute compute) {
        this.compute = compute;
    }

    /** Why the aggregate is not followed just now. */
    public Optional<String> trouble() {
        return trouble;
    }

    /** The group that the aggregate names in place of this one. */
    public Optional<String> rival() {
        return rival;
    }

    /** Forgets the trouble: this node leads no more. */
    public void rest() {
        trouble = Optional.empty();
        rival = Optional.empty();
        readInTerm = OptionalLong.empty();
        nextTryMs = 0;
    }

    /**
     * True if it is time to read: soon after a leadership began or protection was enabled, for a leader does nothing before its first
     * reading; every few seconds after that.
     */
    public boolean isDue(long nowMs, OptionalLong term) {
        if (!term.equals(readInTerm)) {
            return nowMs >= nextTryMs;
        }
        return nowMs >= nextReadMs;
    }

    /** Reads once, blocking, and posts what was read. */
    public void read(RecoveryState state, GroupId group, ControlLoop loop) {
        OptionalLong term = loop.leading();
        nextTryMs = Clocks.nowMs() + TRY_PERIOD_MS;
        if (state.az().isEmpty() || !state.isEnabled() || term.isEmpty()) {
            return;
        }
        try {
            Set<HostName> known = state.hosts().keySet();
            AggregateReading listed =
                    AggregateReading.of(compute.aggregates(), state.az().get(), group, known);
            boolean growing =
                    listed.follow().filter(a -> Newcomers.hasAny(a, known)).isPresent();
            AggregateReading reading = growing
                    ? listed.without(Newcomers.heldDown(listed.follow().get(), known, compute.computeServices()))
                    : listed;
            rival = reading.rival();
            reading.authority().ifPresent(ours -> {
                loop.onAuthority(term, ours);
                readInTerm = term;
                nextReadMs = Clocks.nowMs() + READ_PERIOD_MS;
            });
            reading.follow().ifPresent(aggregate -> loop.onAggregate(term, aggregate));
            reading.trouble().ifPresentOrElse(this::say, () -> trouble = Optional.empty());
        } catch (ComputeException e) {
            nextReadMs = Clocks.nowMs() + READ_PERIOD_MS;
            say("the aggregate cannot be read: " + e.getMessage()
                    + (term.equals(readInTerm)
                            ? "; its hosts stay as they were"
                            : "; this leader is new and does nothing before it has read it once"));
        }
    }

    private void say(String sentence) {
        if (!trouble.equals(Optional.of(sentence))) {
            LOG.warn("aggregate not followed why=\"{}\"", sentence);
        }
        trouble = Optional.of(sentence);
    }
}

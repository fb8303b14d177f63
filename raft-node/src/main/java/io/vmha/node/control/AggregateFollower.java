package io.vmha.node.control;

import io.vmha.node.raft.GroupId;
import io.vmha.recovery.core.Aggregate;
import io.vmha.recovery.core.Compute;
import io.vmha.recovery.core.ComputeException;
import io.vmha.recovery.core.RecoveryState;
import java.util.List;
import java.util.Optional;
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

    private final Compute compute;
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
    }

    /** Reads once, blocking, and posts what was read. */
    public void read(RecoveryState state, GroupId group, ControlLoop loop) {
        if (state.az().isEmpty() || !state.isEnabled()) {
            return;
        }
        var az = state.az().get();
        try {
            List<Aggregate> all = compute.aggregates();
            Optional<Aggregate> found =
                    all.stream().filter(a -> a.id() == az.aggregateId()).findFirst();
            if (found.isEmpty()) {
                say("the aggregate " + az.aggregateId() + " of " + az.name()
                        + " does not exist any more; its hosts stay as they were");
                return;
            }
            Aggregate aggregate = found.get();
            List<Aggregate> sameName = all.stream()
                    .filter(a -> a.availabilityZone().equals(Optional.of(az.name())))
                    .toList();
            if (sameName.size() != 1 || !aggregate.availabilityZone().equals(Optional.of(az.name()))) {
                say(az.name() + " maps to aggregates "
                        + sameName.stream().map(Aggregate::id).toList() + " but exactly " + az.aggregateId()
                        + " was enabled; membership stays as it was until that is so again");
                return;
            }
            String owner = aggregate.metadata().getOrDefault(GROUP_KEY, "");
            boolean ours = owner.equals(group.toString());
            rival = ours || owner.isEmpty() ? Optional.empty() : Optional.of(owner);
            if (ours) {
                trouble = Optional.empty();
            } else {
                say("the aggregate's metadata " + GROUP_KEY + " is '" + owner + "' but this group is " + group
                        + "; this group does not act");
            }
            loop.onAggregate(aggregate, ours);
        } catch (ComputeException e) {
            say("the aggregate cannot be read: " + e.getMessage());
        }
    }

    private void say(String sentence) {
        if (!trouble.equals(Optional.of(sentence))) {
            LOG.warn("aggregate not followed why=\"{}\"", sentence);
        }
        trouble = Optional.of(sentence);
    }
}

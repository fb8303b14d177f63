package io.vmha.testcluster.contract;

import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.RecoveryState;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;

/** A replicated log of three or more voters, with the faults that its contract speaks of. */
public interface LogUnderTest extends AutoCloseable {
    /** A command at its place in a node's log. */
    record Written(long term, long index, Command command) {}

    /** A proposal under way. */
    interface Proposal {
        /** Nothing yet; then the index, or no number if its proposer was told that nobody knows. */
        Optional<OptionalLong> answer();
    }

    List<String> nodes();

    /** The term that this node believes to lead. */
    OptionalLong leads(String node);

    /** True if this node can prove at this moment that it leads, by a linearizable read that no other may answer for it (S9). */
    boolean provesLeadership(String node);

    /** This node proposes a command. */
    Proposal propose(String node, Command command);

    /** The commands that this node has applied since it started or took a snapshot, in order. */
    List<Written> log(String node);

    /** This node's state. */
    RecoveryState state(String node);

    /** From now on this leader reaches no other voter. */
    void cutOff(String leader);

    /** Everybody reaches everybody. */
    void mend();

    /** Somebody leads anew. */
    void depose();

    /** This node is gone for a while, and when it comes back has nothing but what the others give it. */
    void goAway(String node);

    void comeBack(String node);

    /** Another set of nodes votes, and at the end as many as before. */
    void changeConfiguration();

    /** Lets time pass until it is so; fails if it never is. */
    void await(String what, BooleanSupplier condition);

    /** Lets some time pass. */
    void pass(long ms);

    @Override
    void close();
}

package io.vmha.recovery.core;

import java.util.Optional;

/**
 * What the members of a group have agreed to write, as a number that only grows. Builds of several versions read one log while an AZ is upgraded,
 * and what one of them cannot read, or applies otherwise, would stop it or make it drift: so a command, a field or a rule that came later is used
 * only in a group of its level, and the leader raises that once everybody who reads the state has said that its build understands it
 * ({@link LevelCommand.RaiseLevel}).
 *
 * <p>1: what the first build wrote. 2: {@link ReturnCommand.ReturnAgain}, and attempts that are given up while Nova may still carry them out
 * ({@code queued} in {@link VmCommand.AttemptFailed}), which hold up returns and ends of drains.
 */
public final class FeatureLevel {
    /** Of a group that has agreed on nothing, and of a build that says nothing. */
    public static final int FIRST = 1;

    /** Evacuations that were given up and may wait in a lost host's queue; hosts that return once more. */
    static final int QUEUES = 2;

    private FeatureLevel() {}

    /** The highest level that this build understands. */
    public static int newest() {
        return QUEUES;
    }

    /**
     * Why the leader must not let a command into the log; asked of a state that may be a little older than the command's place. What is above the
     * group's level would stop the members that cannot read it. What an older level cannot tell is taken for the worst.
     */
    public static Optional<String> objection(RecoveryState state, Command command) {
        int level = state.group().level();
        if (command.level() > level) {
            return Optional.of(tooHigh(command, level));
        }
        if (level < QUEUES && command instanceof ReturnCommand.BeginReturn && state.isEvacuating()) {
            return Optional.of("evacuations are not over, and at feature level " + level + " the group cannot note"
                    + " which of them may still have this host as their target; wait for their end");
        }
        return Optional.empty();
    }

    static String tooHigh(Command command, int level) {
        return command.getClass().getSimpleName() + " needs feature level " + command.level()
                + " and the group is at " + level
                + ": it is raised by itself once every host of the AZ runs a vmhad that"
                + " understands it; see vmha raft peers";
    }

    /** What a node says that cannot read its group's state; empty if it can. */
    public static Optional<String> tooOld(int groupLevel, int buildLevel) {
        return groupLevel <= buildLevel
                ? Optional.empty()
                : Optional.of("the group is at feature level " + groupLevel
                        + " and this build of vmhad understands levels"
                        + " up to " + buildLevel + ": nothing was changed here, install the version of vmha that the"
                        + " other hosts run, or a newer one, and start again (a level is never lowered)");
    }
}

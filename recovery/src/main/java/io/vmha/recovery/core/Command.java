package io.vmha.recovery.core;

/**
 * One entry of the replicated log. Every safety limit is checked in {@link #apply}, because only there all nodes agree (S8).
 *
 * <p>The groups: {@link AzCommand}, {@link TurnCommand} and {@link FenceTestCommand} by operators and the aggregate's follower,
 * {@link IncidentCommand}, {@link ProofCommand} and {@link VmCommand} by the leader's {@link RecoveryController}, {@link ReturnCommand} by a
 * returning host's agent and the leader's {@link ReturnController}; {@link InstanceCommand}, {@link DrainCommand} and {@link DrillCommand} by
 * operators, the hosts' agents and the leader's {@link UpkeepController}; {@link ReserveCommand} by its {@link ReserveController};
 * {@link LevelCommand} by the leader that has asked all.
 */
public sealed interface Command
        permits AzCommand,
                TurnCommand,
                FenceTestCommand,
                IncidentCommand,
                ProofCommand,
                VmCommand,
                ReturnCommand,
                InstanceCommand,
                DrainCommand,
                DrillCommand,
                ReserveCommand,
                LevelCommand {
    /** Wall-clock time of the proposer in milliseconds since 1970, for reports only. */
    long atMs();

    /**
     * The term in which the leader decided this, or 0 if anyone may ask for it. A command that was decided in one term and appended in
     * another is refused: its decision rested on a leadership that has ended (S9).
     */
    long term();

    /** The {@link FeatureLevel} that a group must have to read this, and apply it alike on all members. */
    default int level() {
        return FeatureLevel.FIRST;
    }

    /** The next state, or the reason why not. Pure: the same state, entry and command give the same answer on every node. */
    Applied apply(RecoveryState state, Entry entry);
}

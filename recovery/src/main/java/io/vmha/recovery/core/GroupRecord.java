package io.vmha.recovery.core;

import java.util.Optional;

/**
 * What the group has agreed on about itself.
 *
 * @param electorate who votes, as of the log index of this state
 * @param turn who may restart its daemon now
 * @param epochFloor the highest epoch of a host that has left: one that is taken in begins above it, so that no life is lived twice
 * @param fenceTrial the newest real test of a fence device
 */
public record GroupRecord(
        Electorate electorate, Optional<RestartTurn> turn, long epochFloor, Optional<FenceTrial> fenceTrial) {
    static final GroupRecord FRESH = new GroupRecord(Electorate.NONE, Optional.empty(), 0, Optional.empty());

    GroupRecord with(Electorate next) {
        return new GroupRecord(next, turn, epochFloor, fenceTrial);
    }

    GroupRecord with(Optional<RestartTurn> next) {
        return new GroupRecord(electorate, next, epochFloor, fenceTrial);
    }

    GroupRecord withFloor(long epoch) {
        return new GroupRecord(electorate, turn, Math.max(epochFloor, epoch), fenceTrial);
    }

    GroupRecord with(FenceTrial trial) {
        return new GroupRecord(electorate, turn, epochFloor, Optional.of(trial));
    }
}

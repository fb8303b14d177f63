package io.vmha.recovery.core;

import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What the group has agreed on about itself.
 *
 * @param electorate who votes, as of the log index of this state
 * @param turn who may restart its daemon now
 * @param epochFloor the highest epoch of a host that has left: one that is taken in begins above it, so that no life is lived twice
 * @param fenceTrial the newest real test of a fence device
 * @param reserves the reserved hosts that stand in for others, or are about to
 */
public record GroupRecord(
        Electorate electorate,
        Optional<RestartTurn> turn,
        long epochFloor,
        Optional<FenceTrial> fenceTrial,
        SortedMap<HostName, ReserveUse> reserves) {
    static final GroupRecord FRESH =
            new GroupRecord(Electorate.NONE, Optional.empty(), 0, Optional.empty(), new TreeMap<>());

    public GroupRecord {
        // none in a snapshot of an older program
        reserves = reserves == null
                ? Collections.unmodifiableSortedMap(new TreeMap<>())
                : Collections.unmodifiableSortedMap(new TreeMap<>(reserves));
    }

    GroupRecord with(Electorate next) {
        return new GroupRecord(next, turn, epochFloor, fenceTrial, reserves);
    }

    GroupRecord with(Optional<RestartTurn> next) {
        return new GroupRecord(electorate, next, epochFloor, fenceTrial, reserves);
    }

    GroupRecord withFloor(long epoch) {
        return new GroupRecord(electorate, turn, Math.max(epochFloor, epoch), fenceTrial, reserves);
    }

    GroupRecord with(FenceTrial trial) {
        return new GroupRecord(electorate, turn, epochFloor, Optional.of(trial), reserves);
    }

    GroupRecord with(ReserveUse use) {
        var changed = new TreeMap<>(reserves);
        changed.put(use.host(), use);
        return new GroupRecord(electorate, turn, epochFloor, fenceTrial, changed);
    }

    GroupRecord without(HostName reserved) {
        var changed = new TreeMap<>(reserves);
        changed.remove(reserved);
        return new GroupRecord(electorate, turn, epochFloor, fenceTrial, changed);
    }
}

package io.vmha.recovery.core;

import java.util.Collections;
import java.util.Optional;
import java.util.OptionalInt;
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
 * @param agreedLevel the {@link FeatureLevel} that was agreed on; empty at the first, and then not written, for older programs know nothing of it
 */
public record GroupRecord(
        Electorate electorate,
        Optional<RestartTurn> turn,
        long epochFloor,
        Optional<FenceTrial> fenceTrial,
        SortedMap<HostName, ReserveUse> reserves,
        OptionalInt agreedLevel) {
    static final GroupRecord FRESH = new GroupRecord(
            Electorate.NONE, Optional.empty(), 0, Optional.empty(), new TreeMap<>(), OptionalInt.empty());

    public GroupRecord {
        // none in a snapshot of an older program
        reserves = reserves == null
                ? Collections.unmodifiableSortedMap(new TreeMap<>())
                : Collections.unmodifiableSortedMap(new TreeMap<>(reserves));
        agreedLevel =
                agreedLevel == null || agreedLevel.orElse(0) <= FeatureLevel.FIRST ? OptionalInt.empty() : agreedLevel;
    }

    /** The {@link FeatureLevel} of what this group writes. */
    public int level() {
        return agreedLevel.orElse(FeatureLevel.FIRST);
    }

    GroupRecord at(int nextLevel) {
        return new GroupRecord(electorate, turn, epochFloor, fenceTrial, reserves, OptionalInt.of(nextLevel));
    }

    GroupRecord with(Electorate next) {
        return new GroupRecord(next, turn, epochFloor, fenceTrial, reserves, agreedLevel);
    }

    GroupRecord with(Optional<RestartTurn> next) {
        return new GroupRecord(electorate, next, epochFloor, fenceTrial, reserves, agreedLevel);
    }

    GroupRecord withFloor(long epoch) {
        return new GroupRecord(electorate, turn, Math.max(epochFloor, epoch), fenceTrial, reserves, agreedLevel);
    }

    GroupRecord with(FenceTrial trial) {
        return new GroupRecord(electorate, turn, epochFloor, Optional.of(trial), reserves, agreedLevel);
    }

    GroupRecord with(ReserveUse use) {
        var changed = new TreeMap<>(reserves);
        changed.put(use.host(), use);
        return new GroupRecord(electorate, turn, epochFloor, fenceTrial, changed, agreedLevel);
    }

    GroupRecord without(HostName reserved) {
        var changed = new TreeMap<>(reserves);
        changed.remove(reserved);
        return new GroupRecord(electorate, turn, epochFloor, fenceTrial, changed, agreedLevel);
    }
}

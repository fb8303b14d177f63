package io.vmha.recovery.core;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongFunction;

/**
 * What the evacuations under way wait for. Each reason is told once for each attempt, as soon as it lasts longer than usual: what it is, since
 * when, until when, and what comes then. A wait whose end nobody knows says who could end it.
 */
final class Waits {
    /** Nobody knows the end. */
    static final long OPEN = Long.MAX_VALUE;

    /** Why an evacuation does not get on, and for how long that is nothing to speak of. */
    enum Reason {
        /** An older leader may still be calling. */
        INHERITED(0),
        /** Nova has not said what became of the call, or shows nothing of it. */
        NO_MIGRATION(5_000),
        /** No conductor of Nova has it, and later ones it has. */
        OVERTAKEN(0),
        /** No conductor of Nova has it. */
        UNTOUCHED(15_000),
        /** Nova names no target. */
        NO_TARGET(60_000),
        /** It is on its way to the queue of a host. Another reason speaks of it. */
        HANDED_ON(OPEN),
        /** A host that has it, or may have it, is dead. Another reason speaks of it. */
        STUCK(OPEN),
        /** It may be in the queue of a host that is dead. */
        QUEUE(5_000),
        /** It may be in the queue of a host that is silent. */
        SILENT(15_000),
        /** Its target is dead. */
        TARGET(0),
        /** Its server waits for nothing. */
        IDLE(5_000),
        /** Its migration is over, its server is not. */
        TASK(10_000),
        /** Nova contradicts itself. */
        CONTRADICTED(10_000),
        /** A host has it, and takes long. */
        RUNNING(300_000);

        private final long tellAfterMs;

        Reason(long tellAfterMs) {
            this.tellAfterMs = tellAfterMs;
        }
    }

    /** What is known of the attempt with this intent: since when it has been so, and of what somebody has been told. */
    private record Attempt(long intentIndex, Map<Reason, Long> sinceMs, Set<Reason> told) {}

    private final Map<ServerId, Attempt> attempts = new TreeMap<>();

    void forget() {
        attempts.clear();
    }

    /** For how long the attempt has waited for this reason: from now on, if it did not before. */
    long waitedMs(VmRecovery vm, Reason reason, long nowMs) {
        return nowMs - attempt(vm).sinceMs().computeIfAbsent(reason, r -> nowMs);
    }

    /** It does not wait for this reason now. */
    void over(VmRecovery vm, Reason reason) {
        attempt(vm).sinceMs().remove(reason);
    }

    private Attempt attempt(VmRecovery vm) {
        Attempt last = attempts.get(vm.server());
        if (last == null || last.intentIndex() != vm.intentIndex()) {
            last = new Attempt(vm.intentIndex(), new EnumMap<>(Reason.class), EnumSet.noneOf(Reason.class));
            attempts.put(vm.server(), last);
        }
        return last;
    }

    /**
     * What is to be told of a wait now, given the wall clock; empty if it is too early, or told.
     *
     * @param waitedMs for how long it has been so
     * @param limitMs how long that may last in all, or {@link #OPEN}
     * @param then what happens at its end, or who can end it
     */
    Optional<LongFunction<String>> tell(
            VmRecovery vm, Reason reason, long waitedMs, long limitMs, String what, String then) {
        if (waitedMs < reason.tellAfterMs) {
            return Optional.empty();
        }
        return attempt(vm).told().add(reason)
                ? Optional.of(atMs -> words(atMs - waitedMs, limitMs, what, then))
                : Optional.empty();
    }

    /** True if something was told of the open attempt. */
    boolean isTold(VmRecovery vm) {
        return !attempt(vm).told().isEmpty();
    }

    private static String words(long sinceAtMs, long limitMs, String what, String then) {
        return what + "; so since " + time(sinceAtMs)
                + (limitMs == OPEN
                        ? ", and nothing ends it by itself: "
                        : ", until " + time(sinceAtMs + limitMs) + ": then ")
                + then;
    }

    /** To the second: nobody needs it better. */
    static String time(long atMs) {
        return Instant.ofEpochMilli(atMs).truncatedTo(ChronoUnit.SECONDS).toString();
    }
}

package io.vmha.recovery.core;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * One VM of a certified host on its way to its ending.
 *
 * <p>PLANNED → CALLING (intent committed) → ACCEPTED (Nova took it) → SETTLING (its ending is decided; lock and power state are being put
 * back) → ENDED. A call that was refused, or an evacuation that failed late, goes back to PLANNED until the attempts are used up. A VM that
 * was never touched ends without settling.
 *
 * @param attempts intents committed so far
 * @param intentTerm the term of the leader whose intent is open, while CALLING
 * @param intentIndex the log index of the last intent, which names the attempt; 0 if none was ever committed
 * @param migrationFloor Nova's migrations up to this id are older than the current attempt
 * @param migration the migration that carries the current attempt; until that is accepted, an earlier one that was given up and that Nova has not
 *     ended
 * @param requestedAtMs wall clock of the last intent
 * @param endedAtMs wall clock of the ending
 */
public record VmRecovery(
        ServerId server,
        VmBrief brief,
        Step step,
        int attempts,
        long intentTerm,
        long intentIndex,
        long migrationFloor,
        OptionalLong migration,
        Optional<Ending> ending,
        long requestedAtMs,
        long endedAtMs) {
    /** Where the VM is. */
    public enum Step {
        PLANNED,
        CALLING,
        ACCEPTED,
        SETTLING,
        ENDED
    }

    /** A VM that shall be evacuated. */
    public static VmRecovery planned(ServerId server, VmBrief brief, long migrationFloor) {
        return new VmRecovery(
                server, brief, Step.PLANNED, 0, 0, 0, migrationFloor, OptionalLong.empty(), Optional.empty(), 0, 0);
    }

    /** A VM with nothing special about it that shall be evacuated. */
    public static VmRecovery planned(
            ServerId server, String name, String formerStatus, int order, long migrationFloor) {
        return planned(server, VmBrief.plain(name, formerStatus, order), migrationFloor);
    }

    /** A VM that stays where it is, for a reason that the report gives. */
    static VmRecovery left(ServerId server, VmBrief brief, String why) {
        return planned(server, brief, 0).end(new Ending(Ending.Kind.LEFT, why), 0);
    }

    public String name() {
        return brief.name();
    }

    public String formerStatus() {
        return brief.formerStatus();
    }

    /** The place in the plan, from 0. */
    public int order() {
        return brief.order();
    }

    VmRecovery begin(Entry intent, long atMs) {
        return new VmRecovery(
                server,
                brief,
                Step.CALLING,
                attempts + 1,
                intent.term(),
                intent.index(),
                migrationFloor,
                migration,
                ending,
                atMs,
                0);
    }

    VmRecovery accept(OptionalLong migrationId) {
        return moved(Step.ACCEPTED, attempts, migrationFloor, migrationId);
    }

    /**
     * Back to the plan. An attempt that was never made does not count.
     *
     * @param queued whether Nova has not ended it, so that it may wait in the queue of a lost host
     */
    VmRecovery retry(long newFloor, boolean counts, boolean queued) {
        OptionalLong given = step == Step.ACCEPTED ? OptionalLong.empty() : migration;
        return moved(
                Step.PLANNED,
                counts ? attempts : attempts - 1,
                Math.max(migrationFloor, newFloor),
                queued ? OptionalLong.of(newFloor) : given);
    }

    private VmRecovery moved(Step next, int attemptsMade, long floor, OptionalLong migrationId) {
        return new VmRecovery(
                server, brief, next, attemptsMade, 0, intentIndex, floor, migrationId, ending, requestedAtMs, 0);
    }

    /** It has its ending; what was changed about it is put back first, if anything was. */
    VmRecovery end(Ending how, long atMs) {
        return with(needsSettling(how) ? Step.SETTLING : Step.ENDED, how, atMs);
    }

    /** All is put back, or could not be, which the ending then says. */
    VmRecovery settle(Ending how) {
        return with(Step.ENDED, how, endedAtMs);
    }

    private VmRecovery with(Step next, Ending how, long atMs) {
        return new VmRecovery(
                server,
                brief,
                next,
                attempts,
                0,
                intentIndex,
                migrationFloor,
                migration,
                Optional.of(how),
                requestedAtMs,
                atMs);
    }

    private boolean needsSettling(Ending how) {
        boolean touched = intentIndex > 0;
        boolean rests = how.kind() == Ending.Kind.RECOVERED && brief.rest() != Rest.AS_IT_COMES;
        return touched && (rests || !brief.lockedBefore());
    }

    /**
     * True while a lost host that comes back might take up an evacuation of it: it is under way, or was given up and its server is still marked for
     * it.
     */
    public boolean mayBeInAQueue() {
        return ending.isEmpty() && (isUnderWay() || migration.isPresent());
    }

    /**
     * True if it shall rest and was not put to rest on this host, which was lost: that is still to be done, or was given up since the host did not
     * answer.
     *
     * @param lostAtMs when that host was declared lost
     */
    boolean owesItsRest(HostName newHost, long lostAtMs) {
        boolean givenUp = step == Step.ENDED
                && ending.filter(how -> how.kind() == Ending.Kind.RECOVERED
                                && how.detail().startsWith(newHost.value() + ";"))
                        .isPresent()
                && lostAtMs - endedAtMs <= Evacuations.SETTLE_LIMIT_MS;
        boolean touched = intentIndex > 0;
        return touched && brief.rest() != Rest.AS_IT_COMES && (step != Step.ENDED || givenUp);
    }

    /** True while an intent is open or Nova works on it. */
    public boolean isUnderWay() {
        return step == Step.CALLING || step == Step.ACCEPTED;
    }

    /** True once the VM has its ending and all is put back. */
    public boolean hasEnded() {
        return step == Step.ENDED;
    }
}

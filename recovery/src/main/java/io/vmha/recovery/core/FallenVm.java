package io.vmha.recovery.core;

import java.util.ArrayList;
import java.util.List;

/**
 * A VM whose guest died while its host lived on.
 *
 * <p>The host's agent reports it (FALLEN); the leader restarts it through Nova (RESTARTING); the agent sees it run and Nova has it active
 * (RUNNING), or it is left for a reason (LEFT), or has died too often and waits for a person (QUARANTINED).
 *
 * @param name empty until Nova has told it
 * @param sinceAtMs when this fall was reported, wall-clock
 * @param restartsAtMs when its restarts were begun, those within the policy's window only
 * @param intentTerm the term in which the open restart was decided; 0 if none is open
 * @param seen the host's agent has seen a new process of it
 * @param detail the last thing that is known about it
 */
public record FallenVm(
        ServerId server,
        String name,
        HostName host,
        long epoch,
        Phase phase,
        long sinceAtMs,
        List<Long> restartsAtMs,
        long intentTerm,
        boolean seen,
        String detail,
        List<Note> story) {
    /** Lines kept of one VM; the newest win. */
    static final int STORY_MAX = 20;

    /** Where it is. */
    public enum Phase {
        FALLEN,
        RESTARTING,
        RUNNING,
        LEFT,
        QUARANTINED;

        /** True if somebody still has to do something. */
        public boolean isOpen() {
            return this == FALLEN || this == RESTARTING;
        }
    }

    public FallenVm {
        restartsAtMs = List.copyOf(restartsAtMs);
        story = List.copyOf(story);
    }

    /** What is reported of a VM that has not fallen before, or not lately. */
    static FallenVm reported(ServerId server, HostName host, long epoch, long atMs) {
        return new FallenVm(server, "", host, epoch, Phase.FALLEN, atMs, List.of(), 0, false, "", List.of());
    }

    /** The VM by its name, if that is known. */
    public String title() {
        return name.isEmpty() ? server.value() : name + " (" + server + ")";
    }

    /** It has fallen again, on this host; earlier restarts count if they are within the window. */
    FallenVm again(HostName where, long itsEpoch, long atMs, RestartPolicy policy) {
        return new FallenVm(
                server,
                name,
                where,
                itsEpoch,
                Phase.FALLEN,
                atMs,
                restartsAtMs.stream()
                        .filter(at -> atMs - at < policy.windowMs())
                        .toList(),
                0,
                false,
                detail,
                story);
    }

    FallenVm begun(String newName, long atMs, long term) {
        var restarts = new ArrayList<>(restartsAtMs);
        restarts.add(atMs);
        return new FallenVm(
                server,
                newName.isEmpty() ? name : newName,
                host,
                epoch,
                Phase.RESTARTING,
                sinceAtMs,
                restarts,
                term,
                false,
                detail,
                story);
    }

    FallenVm with(Phase next) {
        return new FallenVm(
                server,
                name,
                host,
                epoch,
                next,
                sinceAtMs,
                restartsAtMs,
                next == Phase.RESTARTING ? intentTerm : 0,
                seen,
                detail,
                story);
    }

    FallenVm running() {
        return new FallenVm(server, name, host, epoch, phase, sinceAtMs, restartsAtMs, intentTerm, true, detail, story);
    }

    FallenVm tell(Note note) {
        var longer = new ArrayList<>(story);
        if (longer.size() >= STORY_MAX) {
            longer.remove(0);
        }
        longer.add(note);
        return new FallenVm(
                server, name, host, epoch, phase, sinceAtMs, restartsAtMs, intentTerm, seen, note.text(), longer);
    }
}

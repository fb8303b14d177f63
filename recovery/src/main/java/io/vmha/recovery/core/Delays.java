package io.vmha.recovery.core;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What keeps an incident's steps from being taken: an action about a host that has failed for a while is told in the incident, and its success
 * after that. In between it is asked for again and again; nothing is given up.
 */
final class Delays {
    /** A failure that is over before is nothing to speak of. */
    private static final long TELL_AFTER_MS = 15_000;

    private record Failing(long sinceMs, boolean told) {}

    private final IncidentSteps.Proposer proposer;
    private final Map<String, Failing> failing = new TreeMap<>();

    Delays(IncidentSteps.Proposer proposer) {
        this.proposer = proposer;
    }

    void forget() {
        failing.clear();
    }

    void onResult(long nowMs, long atMs, Result result) {
        subject(result.action()).ifPresent(subject -> {
            String key = result.action().key();
            if (result instanceof Result.Failure failure) {
                onFailure(nowMs, atMs, subject, key, failure.why());
            } else {
                onSuccess(nowMs, atMs, subject, key);
            }
        });
    }

    private void onFailure(long nowMs, long atMs, Subject subject, String key, String why) {
        Failing since = failing.computeIfAbsent(key, k -> new Failing(nowMs, false));
        if (!since.told() && nowMs - since.sinceMs() >= TELL_AFTER_MS) {
            failing.put(key, new Failing(since.sinceMs(), true));
            note(
                    nowMs,
                    atMs,
                    subject,
                    "waits since " + Waits.time(atMs - (nowMs - since.sinceMs())) + " until " + subject.wanted()
                            + "; it is tried again at least twice a minute, and nothing is given up: " + why);
        }
    }

    private void onSuccess(long nowMs, long atMs, Subject subject, String key) {
        Failing since = failing.remove(key);
        if (since != null && since.told()) {
            note(
                    nowMs,
                    atMs,
                    subject,
                    "waits no more until " + subject.wanted() + ", after " + (nowMs - since.sinceMs()) / 1_000 + " s");
        }
    }

    private void note(long nowMs, long atMs, Subject subject, String words) {
        proposer.propose(
                nowMs,
                "delay " + subject.host(),
                new IncidentCommand.NoteDelay(atMs, subject.term(), subject.incident(), subject.host(), words));
    }

    /** What an action is about, and what it wants. */
    private record Subject(long term, IncidentId incident, HostName host, String wanted) {}

    private static Optional<Subject> subject(Action action) {
        if (action instanceof Action.ConfirmOff confirm) {
            return Optional.of(new Subject(
                    confirm.term(), confirm.incident(), confirm.host(), "a majority has applied its certificate"));
        }
        if (action instanceof Action.ForceDown down) {
            return Optional.of(new Subject(down.term(), down.incident(), down.host(), "Nova holds it down"));
        }
        if (action instanceof Action.ListServers list) {
            return Optional.of(new Subject(list.term(), list.incident(), list.host(), "Nova lists its VMs"));
        }
        if (action instanceof Action.Watch watch) {
            return Optional.of(new Subject(
                    watch.term(), watch.incident(), watch.host(), "Nova says how its VMs' evacuations get on"));
        }
        return Optional.empty();
    }
}

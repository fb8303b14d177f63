package io.vmha.recovery.core;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * This leader's evacuate calls: since when it has been entitled to each, and which of them are over. Keyed by server; an intent is known
 * by its log index, so a later attempt for the same server is another call.
 */
final class Calls {
    private static final long[] RETRY_MS = {2_000, 4_000, 8_000, 16_000, 30_000};

    /** No call takes this long: its reads and the call itself have limits of their own. One that does is over as far as is known. */
    private static final long CALL_LIMIT_MS = 120_000;

    /** A task_state that stays the same for so long, on a host that is powered off, has nobody at work on it any more. */
    private static final long STALE_TASK_MS = 15_000;

    /** Nova needs a few seconds for an evacuation; one that takes so long is looked at closely. */
    private static final long LONG_MS = 10_000;

    /** Being busy with one thing after another uses attempts up only after so many times in a row. */
    private static final int BUSY_MAX = 20;

    private record Busy(String task, long sinceMs, int times) {}

    private record Begun(long intentIndex, long atMs) {}

    private record Over(long intentIndex, long atMs) {}

    private final Map<ServerId, Long> proposedAtMs = new TreeMap<>();
    private final Map<ServerId, Begun> begun = new TreeMap<>();
    private final Map<ServerId, Over> over = new TreeMap<>();
    private final Map<ServerId, Integer> refusals = new TreeMap<>();
    private final Map<ServerId, Long> retryAtMs = new TreeMap<>();
    private final Map<ServerId, Busy> busy = new TreeMap<>();

    /** An intent is being proposed. The first proposal counts: it may be the one that commits. */
    void onProposed(long nowMs, ServerId server) {
        proposedAtMs.putIfAbsent(server, nowMs);
    }

    /** The moment at which this leader was certainly leading when it decided on the open intent. */
    long provenAtMs(VmRecovery vm) {
        return proposedAtMs.getOrDefault(vm.server(), Long.MIN_VALUE / 2);
    }

    /** Says whether the call for the open intent is to be made now: once per intent, so that no intent is ever called for twice. */
    boolean begin(long nowMs, VmRecovery vm) {
        Begun last = begun.get(vm.server());
        if (last == null || last.intentIndex() != vm.intentIndex()) {
            begun.put(vm.server(), new Begun(vm.intentIndex(), nowMs));
            return true;
        }
        if (!isOver(vm) && nowMs - last.atMs() >= CALL_LIMIT_MS) {
            onOver(nowMs, vm.server(), vm.intentIndex());
        }
        return false;
    }

    /** The call for this intent has been answered, or given up: it will not be made again. */
    void onOver(long nowMs, ServerId server, long intentIndex) {
        over.put(server, new Over(intentIndex, nowMs));
        proposedAtMs.remove(server);
    }

    /** True if the call for the open intent is over, so that only reading can tell what came of it. */
    boolean isOver(VmRecovery vm) {
        Over last = over.get(vm.server());
        return last != null && last.intentIndex() == vm.intentIndex();
    }

    /** How long ago the call for the open intent ended, in milliseconds. */
    long sinceOverMs(long nowMs, VmRecovery vm) {
        return isOver(vm) ? nowMs - over.get(vm.server()).atMs() : 0;
    }

    /** Nova would not have it now: pause before the next intent, longer each time. */
    void onRefused(long nowMs, ServerId server) {
        int count = refusals.merge(server, 1, Integer::sum);
        retryAtMs.put(server, nowMs + RETRY_MS[Math.min(count, RETRY_MS.length) - 1]);
    }

    /**
     * The server was found busy.
     *
     * @return whether the attempt counts
     */
    boolean onBusy(long nowMs, ServerId server, String task) {
        Busy last = busy.get(server);
        boolean same = last != null && last.task().equals(task);
        int times = last == null ? 1 : last.times() + 1;
        busy.put(server, new Busy(task, same ? last.sinceMs() : nowMs, times));
        return times > BUSY_MAX;
    }

    /** The task_state that the server has been seen with for so long that nobody can be at work on it. */
    Optional<String> staleTask(long nowMs, ServerId server) {
        return Optional.ofNullable(busy.get(server))
                .filter(seen -> nowMs - seen.sinceMs() >= STALE_TASK_MS)
                .map(Busy::task);
    }

    /** How long ago the last call for this server was begun, in milliseconds. */
    long sinceBegunMs(long nowMs, ServerId server) {
        Begun last = begun.get(server);
        return last == null ? 0 : nowMs - last.atMs();
    }

    /** True if the last call for this server was begun long ago, or by an older leader. */
    boolean takesLong(long nowMs, ServerId server) {
        Begun last = begun.get(server);
        return last == null || nowMs - last.atMs() >= LONG_MS;
    }

    boolean mayRetry(long nowMs, ServerId server) {
        return retryAtMs.getOrDefault(server, 0L) <= nowMs;
    }

    /** Nothing of what was seen of this server counts any more. */
    void forget(ServerId server) {
        refusals.remove(server);
        retryAtMs.remove(server);
        busy.remove(server);
    }

    void forget() {
        proposedAtMs.clear();
        begun.clear();
        over.clear();
        refusals.clear();
        retryAtMs.clear();
        busy.clear();
    }
}

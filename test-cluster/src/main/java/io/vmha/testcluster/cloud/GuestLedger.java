package io.vmha.testcluster.cloud;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * When each guest ran, and where: the truth, whatever Nova's records say. A checker proves with it that no server ran on two hosts at
 * once. A paused guest counts as running, since its process still has the disk open. Safe for all threads.
 */
public final class GuestLedger {
    private static final int RUNS_MAX = 200_000;

    /**
     * One run of a guest on a host.
     *
     * @param server the server's UUID
     * @param fromMs when it started, in milliseconds since the epoch of 1970
     * @param toMs when it ended; empty while it runs
     */
    public record Run(String server, long fromMs, String host, OptionalLong toMs) {
        boolean overlaps(Run other) {
            return fromMs < other.toMs.orElse(Long.MAX_VALUE) && other.fromMs < toMs.orElse(Long.MAX_VALUE);
        }
    }

    /** A server that ran twice at the same time. */
    public record DoubleRun(Run first, Run second) {}

    /** Hears which guests a nova-compute starts and stops, so that they can be made real. Called under locks: it must not wait. */
    public interface Listener {
        void started(String server, String host);

        void stopped(String server, String host);
    }

    private Listener listener = new Listener() {
        @Override
        public void started(String server, String host) {}

        @Override
        public void stopped(String server, String host) {}
    };

    private final Map<String, Map<String, Run>> running = new LinkedHashMap<>(); // by host, then by server
    private final List<Run> ended = new ArrayList<>();

    /** From now on the listener hears of every start and stop. */
    public synchronized void listen(Listener newListener) {
        listener = newListener;
    }

    synchronized void started(String server, long nowMs, String host) {
        if (ended.size() >= RUNS_MAX) {
            throw new IllegalStateException(
                    "the guest ledger is full (" + RUNS_MAX + " runs); use more than one cloud");
        }
        Run run = new Run(server, nowMs, host, OptionalLong.empty());
        Run before =
                running.computeIfAbsent(host, ignored -> new LinkedHashMap<>()).putIfAbsent(server, run);
        if (before != null) {
            throw new IllegalStateException("guest " + server + " was started on " + host + ", where it runs already");
        }
        listener.started(server, host);
    }

    /** Does nothing if it does not run there. */
    synchronized void stopped(String server, long nowMs, String host) {
        Map<String, Run> guests = running.getOrDefault(host, new LinkedHashMap<>());
        Run run = guests.remove(server);
        if (run != null) {
            ended.add(new Run(server, run.fromMs(), host, OptionalLong.of(nowMs)));
            listener.stopped(server, host);
        }
    }

    synchronized void allStopped(String host, long nowMs) {
        for (String server : runningOn(host)) {
            stopped(server, nowMs, host);
        }
    }

    synchronized boolean isRunning(String server, String host) {
        return running.getOrDefault(host, Map.of()).containsKey(server);
    }

    /** The servers whose guests run on this host now. */
    public synchronized List<String> runningOn(String host) {
        return List.copyOf(running.getOrDefault(host, Map.of()).keySet());
    }

    /** Every run so far, ended or not, of all servers. */
    public synchronized List<Run> runs() {
        List<Run> all = new ArrayList<>(ended);
        running.values().forEach(guests -> all.addAll(guests.values()));
        return List.copyOf(all);
    }

    /** Every pair of runs of one server that have an instant in common; must be empty. */
    public List<DoubleRun> doubleRuns() {
        Map<String, List<Run>> byServer = new LinkedHashMap<>();
        runs().forEach(run -> byServer.computeIfAbsent(run.server(), ignored -> new ArrayList<>())
                .add(run));
        List<DoubleRun> found = new ArrayList<>();
        for (List<Run> runs : byServer.values()) {
            for (int i = 0; i < runs.size(); i++) {
                for (int j = i + 1; j < runs.size(); j++) {
                    if (runs.get(i).overlaps(runs.get(j))) {
                        found.add(new DoubleRun(runs.get(i), runs.get(j)));
                    }
                }
            }
        }
        return List.copyOf(found);
    }
}

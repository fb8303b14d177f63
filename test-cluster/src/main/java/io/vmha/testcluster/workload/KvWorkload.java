package io.vmha.testcluster.workload;

import io.vmha.testcluster.history.HistoryRecorder;
import io.vmha.testcluster.history.LinearizabilityChecker;
import io.vmha.testcluster.history.LinearizabilityChecker.Budget;
import io.vmha.testcluster.history.Models;
import io.vmha.testcluster.history.Operation;
import io.vmha.testcluster.history.Operation.Outcome;
import io.vmha.testcluster.history.Verdict;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

/** Clients that work on registers, lists and locks all at once until they are told to stop, and what a checker says of it. */
public final class KvWorkload implements AutoCloseable {
    private static final Duration REQUEST_LIMIT = Duration.ofSeconds(5);
    private static final int STOP_LIMIT_MS = 60_000;

    private final List<URI> daemons;
    private final long seed;
    private final HistoryRecorder recorder = new HistoryRecorder(System::nanoTime);
    private final AtomicLong calls = new AtomicLong();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean stopping;

    /** @param daemons such as {@code http://127.0.0.1:8500} */
    public KvWorkload(List<URI> daemons, long seed) {
        this.daemons = List.copyOf(daemons);
        this.seed = seed;
    }

    /** Starts so many clients. */
    public void start(int clients) {
        for (int i = 1; i <= clients; i++) {
            KvClient client = client("c" + i, seed + i);
            var thread = new Thread(
                    () -> {
                        while (!stopping) {
                            client.once();
                        }
                        client.leave();
                    },
                    "workload-" + i);
            thread.setDaemon(true);
            threads.add(thread);
            thread.start();
        }
    }

    private KvClient client(String name, long clientSeed) {
        var dice = new Random(clientSeed);
        return new KvClient(name, new KvHttp(daemons, REQUEST_LIMIT, dice), recorder, dice, calls, System::nanoTime);
    }

    /** How many calls were begun. */
    public long calls() {
        return calls.get();
    }

    /** How many calls were answered. */
    public long answered() {
        return recorder.answered();
    }

    /** Stops the clients, and reads every key once more. */
    public void finish() {
        close();
        client("last", seed).readAll(calls.get());
    }

    /** Everything that was recorded. */
    public List<Operation> history() {
        return recorder.history();
    }

    /** What the checker says of registers, lists and locks; the first that is not right. */
    public static Verdict check(List<Operation> history) {
        List<Verdict> verdicts = List.of(
                new LinearizabilityChecker<>(Models.register(), Budget.USUAL).check(of(history, "reg/")),
                new LinearizabilityChecker<>(Models.appendList(), Budget.USUAL).check(of(history, "list/")),
                new LinearizabilityChecker<>(Models.lock(), Budget.USUAL).check(of(history, "lock/")));
        return verdicts.stream()
                .filter(v -> v instanceof Verdict.Wrong)
                .findFirst()
                .or(() -> verdicts.stream().filter(v -> !v.isRight()).findFirst())
                .orElseGet(() -> new Verdict.Right(
                        verdicts.stream()
                                .mapToInt(v -> ((Verdict.Right) v).objects())
                                .sum(),
                        verdicts.stream()
                                .mapToInt(v -> ((Verdict.Right) v).operations())
                                .sum()));
    }

    private static List<Operation> of(List<Operation> history, String keys) {
        return history.stream().filter(c -> c.key().startsWith(keys)).toList();
    }

    /** How many calls had this outcome. */
    public static long count(List<Operation> history, Outcome outcome) {
        return history.stream().filter(c -> c.outcome() == outcome).count();
    }

    @Override
    public void close() {
        stopping = true;
        for (Thread thread : threads) {
            try {
                thread.join(STOP_LIMIT_MS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}

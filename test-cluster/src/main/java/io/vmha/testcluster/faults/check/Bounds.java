package io.vmha.testcluster.faults.check;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.testcluster.faults.history.Event;
import io.vmha.testcluster.faults.history.History;
import io.vmha.testcluster.faults.history.Kinds;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** I11: what a daemon may use, however long the churn lasts. */
final class Bounds {
    private static final long RSS_KIB_MAX = 320L << 10; // heap 96, direct 48, code 32, stacks, the JVM itself
    /** What the daemon's pools may hold together, and some 50 that the JVM, the sockets and the timers have for good. */
    private static final long THREADS_MAX = 180;
    /**
     * What each of its pools may hold, by the names of their threads, numbers left out: requests, answers, calls of peers, gRPC's shared
     * pool, Ratis' pools, actions, Ratis' timers. One that is ending may be counted together with the one that takes its place.
     */
    private static final Map<String, Long> POOLS = new TreeMap<>(Map.of(
            "http-N",
            32L,
            "http-answer-N",
            4L,
            "raft-served",
            16L,
            "grpc-default",
            16L,
            "hv-N@",
            44L,
            "action-N",
            8L,
            "timerN",
            8L));

    /** How the observer calls threads that were gone when it looked: their process was just killed. */
    private static final String GONE = "ended";

    private static final long OTHERS_MAX = 8;
    private static final long ENDING = 2;
    private static final long DATA_KIB_MAX = 64L << 10;
    private static final int KINDS_SHOWN = 6;

    private Bounds() {}

    static Finding held(History history) {
        var against = new ArrayList<String>();
        List<Event> samples = history.of(Kinds.SAMPLE);
        long rss = 0;
        long threads = 0;
        long data = 0;
        for (Event sample : samples) {
            rss = Math.max(rss, sample.number("rss_kib", 0));
            threads = Math.max(threads, sample.number("threads", 0));
            data = Math.max(data, sample.number("data_kib", 0));
            List<String> over = poolsOver(sample);
            if (!over.isEmpty()
                    || sample.number("rss_kib", 0) > RSS_KIB_MAX
                    || sample.number("threads", 0) > THREADS_MAX
                    || sample.number("data_kib", 0) > DATA_KIB_MAX) {
                against.add(sample.atMs() + " ms: " + sample.text("host") + " uses " + sample.number("rss_kib", 0)
                        + " KiB of memory, " + sample.number("threads", 0) + " threads, " + sample.number("data_kib", 0)
                        + " KiB of disk" + kinds(sample) + String.join("", over));
            }
        }
        String summary = String.format(
                Locale.ROOT,
                "%d samples; at most %d MiB of memory (%d allowed), %d threads (%d), %d MiB of disk (%d)",
                samples.size(),
                rss >> 10,
                RSS_KIB_MAX >> 10,
                threads,
                THREADS_MAX,
                data >> 10,
                DATA_KIB_MAX >> 10);
        return Finding.of(
                summary, against, samples.isEmpty() ? List.of("there is no sample in this history") : List.of());
    }

    private static List<String> poolsOver(Event sample) {
        var over = new ArrayList<String>();
        for (Map.Entry<String, JsonNode> kind : sample.data().path("kinds").properties()) {
            long bound = POOLS.entrySet().stream()
                    .filter(pool -> kind.getKey().startsWith(pool.getKey()))
                    .map(Map.Entry::getValue)
                    .findFirst()
                    .orElse(OTHERS_MAX);
            if (!kind.getKey().equals(GONE) && kind.getValue().asLong() > bound + ENDING) {
                over.add("; " + kind.getValue() + " threads " + kind.getKey() + ", of which " + bound + " are allowed");
            }
        }
        return over;
    }

    /** Which threads they are: the kinds of which there are most. */
    private static String kinds(Event sample) {
        var counts = new ArrayList<Map.Entry<String, JsonNode>>();
        counts.addAll(sample.data().path("kinds").properties());
        counts.sort(Comparator.comparingLong(
                        (Map.Entry<String, JsonNode> kind) -> kind.getValue().asLong())
                .reversed());
        return counts.isEmpty()
                ? ""
                : counts.stream()
                        .limit(KINDS_SHOWN)
                        .map(kind -> kind.getValue() + " " + kind.getKey())
                        .collect(Collectors.joining(", ", "; most threads: ", ""));
    }
}

package io.vmha.node.control;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Whom of {@code gossip.retry_join} to ask now. While nobody else is alive that is everybody. With company it is whoever is no living member:
 * where a whole site gets its power back at once, two hosts that have found each other are not the pool yet. Those who do not answer are asked less
 * and less often, a few at a time, and for some minutes: a host that comes later joins by itself. Serf and Consul end with the first answer.
 *
 * <p>Two seconds after the first company one seed is asked once more: news of a member is spread only to those whom its teller knew then, so of
 * many that start together somebody may miss somebody until the next exchange, half a minute later. By then each seed knows all that it was told.
 */
final class SeedRounds {
    static final long FIRST_PAUSE_MS = 1_000;
    static final long LAST_PAUSE_MS = 30_000;
    static final long AGAIN_AFTER_MS = 2_000;

    /** Each that does not answer takes a connection for as long as a time-out lasts, and pings need some, too. */
    static final int AT_ONCE_MAX = 8;

    /** With company: three minutes, if all are asked at once. */
    static final int ROUNDS_MAX = 10;

    private long againAtMs = Long.MAX_VALUE;
    private boolean wasAlone = true;
    private long dueMs = Long.MIN_VALUE;
    private long pauseMs = FIRST_PAUSE_MS;
    private int rounds;

    /**
     * The seeds to join through.
     *
     * @param seeds addresses of others than this host
     * @param alive the addresses of the members that are alive, without this one's
     */
    List<InetSocketAddress> due(long nowMs, List<InetSocketAddress> seeds, Set<InetSocketAddress> alive) {
        List<InetSocketAddress> unmet =
                seeds.stream().filter(Predicate.not(alive::contains)).toList();
        boolean alone = alive.isEmpty();
        if (alone != wasAlone) {
            wasAlone = alone;
            againAtMs = alone ? Long.MAX_VALUE : nowMs + AGAIN_AFTER_MS;
        }
        if (nowMs >= againAtMs) {
            againAtMs = Long.MAX_VALUE;
            return seeds.isEmpty() ? List.of() : List.of(seeds.get((int) Math.floorMod(nowMs, (long) seeds.size())));
        }
        if (alone || unmet.isEmpty()) {
            dueMs = nowMs;
            pauseMs = FIRST_PAUSE_MS;
            rounds = 0;
            return unmet;
        }
        int enough = ROUNDS_MAX * ((unmet.size() + AT_ONCE_MAX - 1) / AT_ONCE_MAX);
        if (nowMs < dueMs || rounds >= enough) {
            return List.of();
        }
        dueMs = nowMs + pauseMs;
        pauseMs = Math.min(LAST_PAUSE_MS, 2 * pauseMs);
        return some(unmet, rounds++);
    }

    private static List<InetSocketAddress> some(List<InetSocketAddress> unmet, int round) {
        var some = new ArrayList<InetSocketAddress>();
        for (int i = 0; i < Math.min(AT_ONCE_MAX, unmet.size()); i++) {
            some.add(unmet.get((round * AT_ONCE_MAX + i) % unmet.size()));
        }
        return some;
    }
}

package io.vmha.gossip.memberlist;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/** The order in which nodes are probed: each once per round, in an order that is shuffled before every round (SWIM, section 4.3). */
final class ProbeRing {
    private final List<Node> ring = new ArrayList<>();
    private final RandomGenerator random;
    private int next;

    ProbeRing(RandomGenerator random) {
        this.random = random;
    }

    /** A new node goes to a random place, so that nodes do not all probe it at the same moment. */
    void add(Node node) {
        int place = random.nextInt(ring.size() + 1);
        ring.add(place, node);
        if (place < next) {
            next++;
        }
    }

    /**
     * The next node to probe, if there is one.
     *
     * @param expired nodes that may be forgotten when a round is over
     * @param onForgotten told about each of them
     */
    Optional<Node> next(Predicate<Node> wanted, Predicate<Node> expired, Consumer<Node> onForgotten) {
        for (int checked = 0; checked <= ring.size(); checked++) {
            if (next >= ring.size()) {
                startRound(expired, onForgotten);
            }
            if (ring.isEmpty()) {
                return Optional.empty();
            }
            Node node = ring.get(next++);
            if (wanted.test(node)) {
                return Optional.of(node);
            }
        }
        return Optional.empty();
    }

    private void startRound(Predicate<Node> expired, Consumer<Node> onForgotten) {
        ring.removeIf(node -> {
            boolean forgotten = expired.test(node);
            if (forgotten) {
                onForgotten.accept(node);
            }
            return forgotten;
        });
        for (int i = ring.size() - 1; i > 0; i--) {
            int other = random.nextInt(i + 1);
            Node swapped = ring.get(i);
            ring.set(i, ring.get(other));
            ring.set(other, swapped);
        }
        next = 0;
    }
}

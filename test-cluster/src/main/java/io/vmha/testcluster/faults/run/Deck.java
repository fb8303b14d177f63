package io.vmha.testcluster.faults.run;

import io.vmha.testcluster.faults.nemesis.Family;
import io.vmha.testcluster.faults.nemesis.Nemesis;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Chooses the faults of each round, so that every family comes early and every nemesis comes before any comes again. */
final class Deck {
    private final List<Nemesis> nemeses;
    private final Random dice;
    private final int together;
    private final Deque<Nemesis> waiting = new ArrayDeque<>();

    /** @param together how many faults one round has at most */
    Deck(List<Nemesis> nemeses, Random dice, int together) {
        this.nemeses = List.copyOf(nemeses);
        this.dice = dice;
        this.together = together;
    }

    /** The faults of the next round: those that can go on at the same time. */
    List<Nemesis> next() {
        if (waiting.isEmpty()) {
            shuffle();
        }
        var round = new ArrayList<Nemesis>();
        round.add(waiting.removeFirst());
        int wanted = 1 + dice.nextInt(together);
        for (Nemesis candidate : List.copyOf(waiting)) {
            if (round.size() < wanted && round.stream().allMatch(other -> Company.goesWith(other, candidate))) {
                waiting.remove(candidate);
                round.add(candidate);
            }
        }
        return round;
    }

    /** One of each family first, then the rest, both in an order of the dice. */
    private void shuffle() {
        var shuffled = new ArrayList<>(nemeses);
        Collections.shuffle(shuffled, dice);
        Map<Family, Nemesis> firsts = new EnumMap<>(Family.class);
        shuffled.forEach(nemesis -> firsts.putIfAbsent(nemesis.family(), nemesis));
        var first = new ArrayList<>(firsts.values());
        Collections.shuffle(first, dice);
        waiting.addAll(first);
        shuffled.stream().filter(nemesis -> !firsts.containsValue(nemesis)).forEach(waiting::add);
    }
}

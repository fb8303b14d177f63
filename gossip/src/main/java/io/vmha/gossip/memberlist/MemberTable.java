package io.vmha.gossip.memberlist;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/** All nodes we know, the recently dead included, in the order of their names. */
final class MemberTable {
    /** Far above any pool this product serves; below what a flood of invented names would need to hurt. */
    static final int NODES_MAX = 16_384;

    private final SortedMap<String, Node> nodes = new TreeMap<>();

    Optional<Node> find(String name) {
        return Optional.ofNullable(nodes.get(name));
    }

    boolean isFull() {
        return nodes.size() >= NODES_MAX;
    }

    void add(Node node) {
        nodes.put(node.name(), node);
    }

    void remove(Node node) {
        nodes.remove(node.name());
    }

    int size() {
        return nodes.size();
    }

    Collection<Node> all() {
        return nodes.values();
    }

    /** Up to {@code count} different nodes that satisfy the condition. */
    List<Node> pick(int count, RandomGenerator random, Predicate<Node> condition) {
        List<Node> candidates = new ArrayList<>();
        for (Node node : nodes.values()) {
            if (condition.test(node)) {
                candidates.add(node);
            }
        }
        int picked = Math.min(count, candidates.size());
        for (int i = 0; i < picked; i++) {
            int other = i + random.nextInt(candidates.size() - i);
            Node swapped = candidates.get(i);
            candidates.set(i, candidates.get(other));
            candidates.set(other, swapped);
        }
        return List.copyOf(candidates.subList(0, picked));
    }
}

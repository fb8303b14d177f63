package io.vmha.gossip.memberlist;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/** All nodes we know, the recently dead included. */
final class MemberTable {
    /** Far above any pool this product serves; below what a flood of invented names would need to hurt. */
    static final int NODES_MAX = 16_384;

    private static final int TRIES_PER_PICK = 3;

    private final NameTable<Node> nodes = new NameTable<>();

    /** The same nodes in an order that means nothing, so that one can be drawn. */
    private final List<Node> order = new ArrayList<>();

    Optional<Node> find(String name) {
        return Optional.ofNullable(nodes.find(name));
    }

    boolean isFull() {
        return nodes.size() >= NODES_MAX;
    }

    void add(Node node) {
        nodes.add(node);
        node.place(order.size());
        order.add(node);
    }

    /** The last one takes the place of the one that goes. */
    void remove(Node node) {
        nodes.remove(node);
        Node last = order.remove(order.size() - 1);
        if (last != node) {
            order.set(node.place(), last);
            last.place(node.place());
        }
    }

    int size() {
        return nodes.size();
    }

    List<Node> all() {
        return Collections.unmodifiableList(order);
    }

    /** Up to {@code count} different nodes that satisfy the condition; fewer only if there are no more. */
    List<Node> pick(int count, RandomGenerator random, Predicate<Node> condition) {
        List<Node> picked = new ArrayList<>(count);
        // as memberlist util.go, kRandomNodes: in a large pool nearly everybody will do, and looking at all is dear
        for (int tries = TRIES_PER_PICK * count;
                tries > 0 && picked.size() < count && picked.size() < order.size();
                tries--) {
            Node node = order.get(random.nextInt(order.size()));
            if (!picked.contains(node) && condition.test(node)) {
                picked.add(node);
            }
        }
        if (picked.size() < count) {
            pickFromAll(count, random, condition, picked);
        }
        return picked;
    }

    private void pickFromAll(int count, RandomGenerator random, Predicate<Node> condition, List<Node> picked) {
        List<Node> candidates = new ArrayList<>();
        for (Node node : order) {
            if (!picked.contains(node) && condition.test(node)) {
                candidates.add(node);
            }
        }
        for (int i = 0; i < candidates.size() && picked.size() < count; i++) {
            Collections.swap(candidates, i, i + random.nextInt(candidates.size() - i));
            picked.add(candidates.get(i));
        }
    }
}

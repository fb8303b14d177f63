package io.vmha.gossip.memberlist;

import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.LifeState;
import io.vmha.gossip.wire.Message;
import io.vmha.gossip.wire.NodeAddress;
import io.vmha.gossip.wire.NodeState;
import io.vmha.gossip.wire.WireFormatException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Who is alive, suspect, dead or gone: memberlist state.go. An alive message with a higher incarnation beats everything; a suspicion
 * beats alive of the same incarnation; dead beats suspicion; only the node itself raises its incarnation.
 *
 * <p>States: DEAD (initial) to ALIVE by onAlive, ALIVE to SUSPECT by onSuspect, SUSPECT to DEAD by time or onDead, any to LEFT by a node's
 * own dead message, any to ALIVE by onAlive with a higher incarnation.
 */
final class Membership {
    private static final long INCARNATION_MAX = 0xffff_ffffL;

    private final MemberlistConfig config;
    private final MemberTable table;
    private final ProbeRing ring;
    private final Gossip gossip;
    private final Awareness awareness;
    private final Delegate delegate;
    private final Counters counters;
    private final SortedMap<String, Node> suspects = new TreeMap<>();
    private Node self;
    private boolean leaving;
    /** When the first suspicion ends, if {@link #firstEndIsKnown}. */
    private long firstEndMs = Long.MAX_VALUE;

    private boolean firstEndIsKnown = true;

    Membership(
            MemberlistConfig config,
            MemberTable table,
            ProbeRing ring,
            Gossip gossip,
            Awareness awareness,
            Delegate delegate,
            Counters counters) {
        this.config = config;
        this.table = table;
        this.ring = ring;
        this.gossip = gossip;
        this.awareness = awareness;
        this.delegate = delegate;
        this.counters = counters;
    }

    /** We are alive, with incarnation 1: it is not kept over a restart, peers that know a higher one will make us refute. */
    void start(long nowMs, Bytes meta) {
        self = Node.ours(config, meta);
        self.incarnation(1);
        self.enter(LifeState.ALIVE, nowMs);
        table.add(self);
        ring.add(self);
        gossip.spread(self.asAlive(), self.name());
        delegate.onJoin(nowMs, self.view());
    }

    Node self() {
        return self;
    }

    boolean isSelf(String name) {
        return name.equals(config.name());
    }

    void updateMeta(long nowMs, Bytes meta) {
        long incarnation = Math.min(self.incarnation() + 1, INCARNATION_MAX);
        self.become(
                nowMs,
                new NodeState(self.name(), incarnation, self.wireAddress(), self.state(), meta, self.vsn()),
                self.address());
        gossip.spread(self.asAlive(), self.name());
        delegate.onUpdate(nowMs, self.view());
    }

    void onAlive(long nowMs, Message.Alive alive) {
        if (alive.vsn().isContradictory() || !isUsable(alive) || (leaving && isSelf(alive.node()))) {
            return;
        }
        InetSocketAddress address =
                alive.address().toSocketAddress(config.address().getPort());
        Optional<Node> known = table.find(alive.node());
        if (known.isEmpty() && table.isFull()) {
            counters.refusedNodes++;
            return;
        }
        Node node = known.orElseGet(() -> newcomer(alive, address));
        boolean moved = !Objects.equals(node.address(), address); // mostly the same object, which it asks first
        if (moved && !mayMove(nowMs, node)) {
            counters.conflicts++;
            delegate.onConflict(nowMs, node.view(), address);
            return;
        }
        if (isSelf(alive.node())) {
            onAliveAboutUs(alive);
        } else if (moved || known.isEmpty() || alive.incarnation() > node.incarnation()) {
            revive(nowMs, node, alive, address);
        }
    }

    private static boolean isUsable(Message.Alive alive) {
        if (alive.node().isEmpty() || alive.address().ip().isEmpty()) {
            return false;
        }
        InetAddress address = alive.address().toSocketAddress(1).getAddress();
        return !address.isAnyLocalAddress() && !address.isMulticastAddress();
    }

    private Node newcomer(Message.Alive alive, InetSocketAddress address) {
        Node node = new Node(alive.node(), address, wireAddress(alive, address), alive.meta(), alive.vsn());
        table.add(node);
        ring.add(node);
        return node;
    }

    private boolean mayMove(long nowMs, Node node) {
        if (node.isOurs()) {
            return false;
        }
        long reclaimMs = config.profile().deadReclaimMs();
        return node.state() == LifeState.LEFT
                || (node.state() == LifeState.DEAD && reclaimMs > 0 && node.msInState(nowMs) > reclaimMs);
    }

    /** An earlier life of ours is still remembered somewhere; say what is true now. */
    private void onAliveAboutUs(Message.Alive alive) {
        if (alive.incarnation() < self.incarnation()) {
            return;
        }
        boolean same = alive.meta().equals(self.meta()) && alive.vsn().equals(self.vsn());
        if (alive.incarnation() == self.incarnation() && same) {
            return;
        }
        refute(alive.incarnation());
    }

    private void revive(long nowMs, Node node, Message.Alive alive, InetSocketAddress address) {
        LifeState before = node.state();
        Bytes metaBefore = node.meta();
        clearSuspicion(node);
        Message.Alive passedOn = passedOn(alive, address);
        node.become(nowMs, passedOn.told(), address);
        gossip.spread(passedOn, node.name());
        if (before.isDeadOrLeft()) {
            delegate.onJoin(nowMs, node.view());
            return;
        }
        if (before == LifeState.SUSPECT) {
            delegate.onRefuted(nowMs, node.view());
        }
        if (!metaBefore.equals(alive.meta())) {
            delegate.onUpdate(nowMs, node.view());
        }
    }

    void onSuspect(long nowMs, Message.Suspect suspect) {
        Optional<Node> known = table.find(suspect.node());
        if (known.isEmpty() || suspect.incarnation() < known.get().incarnation()) {
            return;
        }
        Node node = known.get();
        Optional<Suspicion> running = node.suspicion();
        if (running.isPresent()) {
            if (running.get().confirm(suspect.from())) {
                firstEndIsKnown = false;
                gossip.spread(suspect, suspect.node());
            }
            return;
        }
        if (!node.isAlive()) {
            return;
        }
        if (node.isOurs()) {
            refute(suspect.incarnation());
            return;
        }
        gossip.spread(suspect, suspect.node());
        node.incarnation(suspect.incarnation());
        node.enter(LifeState.SUSPECT, nowMs);
        node.suspect(Suspicion.of(nowMs, suspect.from(), table.size(), config.profile()));
        suspects.put(node.name(), node);
        firstEndIsKnown = false;
        counters.suspicions++;
        delegate.onSuspect(nowMs, node.view(), suspect.from());
    }

    void onDead(long nowMs, Message.Dead dead) {
        onDead(nowMs, dead, () -> {});
    }

    private void onDead(long nowMs, Message.Dead dead, Runnable onSpread) {
        Optional<Node> known = table.find(dead.node());
        if (known.isEmpty() || dead.incarnation() < known.get().incarnation()) {
            return;
        }
        Node node = known.get();
        clearSuspicion(node);
        if (node.isDeadOrLeft()) {
            return;
        }
        if (node.isOurs() && !leaving) {
            refute(dead.incarnation());
            return;
        }
        gossip.spread(dead, dead.node(), onSpread);
        node.incarnation(dead.incarnation());
        node.enter(dead.isLeave() ? LifeState.LEFT : LifeState.DEAD, nowMs);
        counters.deaths++;
        delegate.onLeave(nowMs, node.view());
    }

    private void clearSuspicion(Node node) {
        if (node.suspicion().isPresent()) {
            node.cancelSuspicion();
            suspects.remove(node.name());
            firstEndIsKnown = false;
        }
    }

    /** Raises our incarnation above the one somebody accused. */
    private void refute(long accused) {
        long next = Math.max(self.incarnation(), accused) + 1;
        self.incarnation(Math.min(next, INCARNATION_MAX));
        awareness.add(1);
        counters.refutations++;
        gossip.spread(self.asAlive(), self.name());
    }

    /**
     * Takes over what a peer knows. Its dead are only suspects to us, so that they can refute.
     *
     * @throws WireFormatException if the protocol versions exclude each other; nothing is taken over then
     */
    void merge(long nowMs, List<NodeState> remote) {
        VersionRules.check(remote, table.all());
        for (NodeState node : remote) {
            switch (node.state()) {
                case ALIVE -> onAlive(nowMs, new Message.Alive(node));
                case LEFT -> onDead(nowMs, new Message.Dead(node.name(), node.incarnation(), node.name()));
                case DEAD, SUSPECT ->
                    onSuspect(nowMs, new Message.Suspect(node.name(), node.incarnation(), config.name()));
            }
        }
    }

    List<NodeState> states() {
        return table.all().stream().map(Node::asState).toList();
    }

    /**
     * Tells everybody that we leave.
     *
     * @param onSpread called when it has been told often enough
     * @return false if there is nobody to tell
     */
    boolean leave(long nowMs, Runnable onSpread) {
        leaving = true;
        boolean heard = table.all().stream().anyMatch(node -> node != self && !node.isDeadOrLeft());
        onDead(nowMs, new Message.Dead(self.name(), self.incarnation(), self.name()), onSpread);
        return heard;
    }

    long nextDeadlineMs() {
        if (!firstEndIsKnown) {
            firstEndMs = Long.MAX_VALUE;
            for (Node node : suspects.values()) {
                firstEndMs = Math.min(firstEndMs, deadlineOf(node));
            }
            firstEndIsKnown = true;
        }
        return firstEndMs;
    }

    void onPause(long pauseMs) {
        firstEndIsKnown = false;
        for (Node node : suspects.values()) {
            node.suspicion().ifPresent(suspicion -> suspicion.prolong(pauseMs));
        }
    }

    void onTimer(long nowMs) {
        if (nowMs < nextDeadlineMs()) {
            return;
        }
        for (Node node : List.copyOf(suspects.values())) {
            if (deadlineOf(node) <= nowMs) {
                onDead(nowMs, new Message.Dead(node.name(), node.incarnation(), config.name()));
            }
        }
    }

    private static long deadlineOf(Node node) {
        return node.suspicion().map(Suspicion::deadlineMs).orElse(Long.MAX_VALUE);
    }

    void forget(Node node) {
        clearSuspicion(node);
        table.remove(node);
    }

    /** The same message, unless its address has another form in what is passed on. */
    private static Message.Alive passedOn(Message.Alive alive, InetSocketAddress address) {
        NodeAddress wireAddress = wireAddress(alive, address);
        return Objects.equals(wireAddress, alive.address())
                ? alive
                : new Message.Alive(alive.node(), alive.incarnation(), wireAddress, alive.meta(), alive.vsn());
    }

    /** What is passed on has its port, and no IPv4 address in the clothes of IPv6. */
    private static NodeAddress wireAddress(Message.Alive alive, InetSocketAddress address) {
        boolean plain = alive.address().ip().length() == address.getAddress().getAddress().length;
        return plain && alive.address().port() != 0 ? alive.address() : NodeAddress.of(address);
    }
}

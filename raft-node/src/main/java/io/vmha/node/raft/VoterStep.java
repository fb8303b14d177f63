package io.vmha.node.raft;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The next configuration on the way to the wanted voters; pure arithmetic, one step at a time.
 *
 * <p>Ratis refuses to take in as many new voters as it keeps (RATIS-1912: such a group may never elect a leader again), except
 * from one to two. So a group grows 1 → 2 → 3 → 5, a voter that is replaced goes in the step that brings its successor, and the
 * leader is never removed by itself: it hands over first.
 */
public final class VoterStep {
    private VoterStep() {}

    /** What to do next. */
    public enum Kind {
        NOTHING,
        CHANGE,
        HAND_OVER
    }

    /** A configuration to set ({@code CHANGE}), or a voter to hand the leadership to ({@code HAND_OVER}). */
    record Step(VoterChange kind, List<PeerInfo> voters, Optional<PeerInfo> heir) {}

    static Step next(List<PeerInfo> current, List<PeerInfo> wanted, PeerId leader) {
        List<PeerInfo> add = without(wanted, current);
        List<PeerInfo> remove = new ArrayList<>(without(current, wanted));
        boolean leaderGoes = remove.removeIf(p -> p.id().equals(leader));
        List<PeerInfo> next = new ArrayList<>(current);
        if (!add.isEmpty()) {
            int kept = current.size() - (remove.isEmpty() ? 0 : 1);
            int fits = current.size() == 1 ? 1 : Math.min(2, Math.max(0, kept - 1));
            next.addAll(add.subList(0, Math.min(fits, add.size())));
            // the one that goes is dead or leaves: do not let the group be of even size longer than needed
            if (!remove.isEmpty() && next.size() > current.size()) {
                next.remove(remove.get(0));
            }
            if (next.size() == current.size() && next.containsAll(current)) {
                // two voters, one of them to be replaced: only after the other one has company
                next.add(add.get(0));
            }
            return new Step(VoterChange.CHANGE, sorted(next), Optional.empty());
        }
        if (!remove.isEmpty()) {
            next.removeAll(remove.subList(0, Math.min(2, remove.size())));
            return new Step(VoterChange.CHANGE, sorted(next), Optional.empty());
        }
        if (leaderGoes) {
            Optional<PeerInfo> heir = current.stream()
                    .filter(p -> !p.id().equals(leader))
                    .filter(wanted::contains)
                    .findFirst();
            return new Step(VoterChange.HAND_OVER, current, heir);
        }
        return new Step(VoterChange.NOTHING, current, Optional.empty());
    }

    private static List<PeerInfo> without(List<PeerInfo> from, List<PeerInfo> what) {
        return from.stream()
                .filter(p -> what.stream().noneMatch(w -> w.id().equals(p.id())))
                .sorted(PeerInfo.BY_ID)
                .toList();
    }

    private static List<PeerInfo> sorted(List<PeerInfo> peers) {
        return peers.stream().sorted(PeerInfo.BY_ID).toList();
    }
}

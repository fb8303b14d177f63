package io.vmha.gossip.serf;

import io.vmha.gossip.wire.Coordinate;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Our place in the network, moved a little by every ping (Dabek et al., Vivaldi; serf coordinate/client.go), and the places that others
 * told us with their acks.
 */
final class Vivaldi {
    private static final double ERROR_WEIGHT = 0.25;
    private static final double MOVE_WEIGHT = 0.25;
    private static final double ZERO = 1.0e-6;
    private static final double GRAVITY_RHO = 150;
    private static final double ROUND_TRIP_MAX = 10;
    private static final int ADJUSTMENT_WINDOW = 20;
    private static final int FILTER_SAMPLES = 3;

    private final String name;
    private final RandomGenerator random;
    private final double[] adjustmentSamples = new double[ADJUSTMENT_WINDOW];
    private final Map<String, Peer> peers = new HashMap<>(); // looked up only; as many as there are members
    private Coordinate ours = Coordinate.ORIGIN;
    private int nextSample;
    private boolean measured;
    private long resets;

    Vivaldi(String name, RandomGenerator random) {
        this.name = name;
        this.random = random;
    }

    /** The last round trips to a member, and where it says it is. */
    private static final class Peer {
        private double[] roundTrips = {};
        private Coordinate coordinate = Coordinate.ORIGIN;

        /** The median of the last three. */
        double filter(double roundTrip) {
            int kept = Math.min(roundTrips.length, FILTER_SAMPLES - 1);
            double[] latest = new double[kept + 1];
            System.arraycopy(roundTrips, roundTrips.length - kept, latest, 0, kept);
            latest[kept] = roundTrip;
            roundTrips = latest;
            double[] sorted = latest.clone();
            Arrays.sort(sorted);
            return sorted[sorted.length / 2];
        }
    }

    Coordinate ours() {
        return ours;
    }

    /** How often calculating ended in nonsense, so that we began anew. */
    long resets() {
        return resets;
    }

    /** What is known of a member's place; ours too, once something was measured. */
    Optional<Coordinate> of(String member) {
        if (member.equals(name)) {
            return measured ? Optional.of(ours) : Optional.empty();
        }
        return Optional.ofNullable(peers.get(member)).map(peer -> peer.coordinate);
    }

    void forget(String member) {
        peers.remove(member);
    }

    /** A member at this place answered after so many seconds. */
    void onRoundTrip(String member, Coordinate theirs, double seconds) {
        if (!theirs.isUsable() || seconds < 0 || seconds > ROUND_TRIP_MAX) {
            return;
        }
        Peer peer = peers.computeIfAbsent(member, any -> new Peer());
        peer.coordinate = theirs;
        double roundTrip = peer.filter(seconds);
        measured = true;
        approach(theirs, Math.max(roundTrip, ZERO));
        adjust(theirs, roundTrip);
        fallTowardsOrigin();
        if (!ours.isUsable()) {
            resets++;
            ours = Coordinate.ORIGIN;
            Arrays.fill(adjustmentSamples, 0);
        }
    }

    private void approach(Coordinate theirs, double roundTrip) {
        double distance = ours.distanceTo(theirs);
        double wrongness = Math.abs(distance - roundTrip) / roundTrip;
        double weight = ours.error() / Math.max(ours.error() + theirs.error(), ZERO);
        double error = ERROR_WEIGHT * weight * wrongness + ours.error() * (1 - ERROR_WEIGHT * weight);
        ours = ours.withError(Math.min(error, Coordinate.ERROR_MAX));
        push(MOVE_WEIGHT * weight * (roundTrip - distance), theirs);
    }

    private void adjust(Coordinate theirs, double roundTrip) {
        adjustmentSamples[nextSample] = roundTrip - ours.plainDistanceTo(theirs);
        nextSample = (nextSample + 1) % ADJUSTMENT_WINDOW;
        double sum = 0;
        for (double sample : adjustmentSamples) {
            sum += sample;
        }
        ours = ours.withAdjustment(sum / (2.0 * ADJUSTMENT_WINDOW));
    }

    /** Without it all members would drift away together. */
    private void fallTowardsOrigin() {
        double distance = Coordinate.ORIGIN.distanceTo(ours);
        push(-Math.pow(distance / GRAVITY_RHO, 2), Coordinate.ORIGIN);
    }

    private void push(double force, Coordinate from) {
        double[] direction = new double[Coordinate.DIMENSIONS];
        for (int i = 0; i < direction.length; i++) {
            direction[i] = ours.component(i) - from.component(i);
        }
        double length = length(direction);
        double height = ours.height();
        if (length > ZERO) {
            height = Math.max(Coordinate.HEIGHT_MIN, (height + from.height()) * force / length + height);
        } else {
            length = anywhere(direction);
        }
        for (int i = 0; i < direction.length; i++) {
            direction[i] = ours.component(i) + direction[i] / length * force;
        }
        ours = ours.movedTo(direction, height);
    }

    /** Two at the same place part in a random direction. */
    private double anywhere(double[] direction) {
        for (int i = 0; i < direction.length; i++) {
            direction[i] = random.nextDouble() - 0.5;
        }
        if (length(direction) <= ZERO) {
            direction[0] = 1;
        }
        return length(direction);
    }

    private static double length(double[] vector) {
        double sum = 0;
        for (double component : vector) {
            sum += component * component;
        }
        return Math.sqrt(sum);
    }
}

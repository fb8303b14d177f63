package io.vmha.gossip.serf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.Coordinate;
import io.vmha.gossip.wire.WireFormatException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Network coordinates: they find the distances, and nobody can spoil them. */
final class VivaldiTest {
    private static final int NODES = 10;

    @Test
    void nodesOnALineLearnTheirDistances() {
        List<Vivaldi> nodes = new ArrayList<>();
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < NODES; i++) {
            nodes.add(new Vivaldi("n" + i, new SplittableRandom(i)));
        }

        for (int round = 0; round < 1_000; round++) {
            for (int i = 0; i < NODES; i++) {
                int other = random.nextInt(NODES);
                if (other != i) {
                    nodes.get(i).onRoundTrip("n" + other, nodes.get(other).ours(), roundTrip(i, other));
                }
            }
        }

        double errors = 0;
        int pairs = 0;
        for (int i = 0; i < NODES; i++) {
            for (int j = 0; j < i; j++, pairs++) {
                double estimated = nodes.get(i).ours().distanceTo(nodes.get(j).ours());
                errors += Math.abs(estimated - roundTrip(i, j)) / roundTrip(i, j);
            }
        }
        System.out.println("mean error of the estimated distances: " + errors / pairs);
        assertThat(errors / pairs).isLessThan(0.1);
        assertThat(nodes.get(0).resets()).isZero();
    }

    private static double roundTrip(int one, int other) {
        return 0.010 * Math.abs(one - other);
    }

    @Test
    void medianOfThreeRoundTripsHidesAPause() {
        Vivaldi calm = new Vivaldi("us", new SplittableRandom(1));
        Vivaldi paused = new Vivaldi("us", new SplittableRandom(1));
        for (int i = 0; i < 10; i++) {
            calm.onRoundTrip("b", Coordinate.ORIGIN, 0.010);
            paused.onRoundTrip("b", Coordinate.ORIGIN, i == 5 ? 3.0 : 0.010);
        }

        assertThat(paused.ours().distanceTo(Coordinate.ORIGIN))
                .isCloseTo(calm.ours().distanceTo(Coordinate.ORIGIN), within(1e-9));
    }

    @Test
    void whatNobodyCanMeasureIsNotBelieved() {
        Vivaldi us = new Vivaldi("us", new SplittableRandom(1));

        us.onRoundTrip("b", Coordinate.ORIGIN, -1);
        us.onRoundTrip("b", Coordinate.ORIGIN, 11);
        us.onRoundTrip("b", new Coordinate(Collections.nCopies(7, 0.0), 1, 0, 0), 1);
        us.onRoundTrip("b", new Coordinate(Collections.nCopies(8, Double.NaN), 1, 0, 0), 1);

        assertThat(us.ours()).isEqualTo(Coordinate.ORIGIN);
        assertThat(us.of("b")).isEmpty();
        assertThat(us.of("us")).isEmpty();
    }

    @Test
    void hugeCoordinatesCostAResetAndNothingElse() {
        Vivaldi us = new Vivaldi("us", new SplittableRandom(1));
        Coordinate huge = new Coordinate(Collections.nCopies(8, Double.MAX_VALUE), 1e-300, 1e300, Double.MAX_VALUE);

        for (int i = 0; i < 50; i++) {
            us.onRoundTrip("b", huge, 0.001);
            assertThat(us.ours().isUsable()).isTrue();
        }
        us.onRoundTrip("c", Coordinate.ORIGIN, 0.001);

        assertThat(us.resets()).isPositive();
        assertThat(us.ours().isUsable()).isTrue();
        us.forget("b");
        assertThat(us.of("b")).isEmpty();
    }

    @Test
    void payloadIsThatOfSerf() {
        Coordinate fresh = Coordinate.ORIGIN;

        assertThat(fresh.encode().toString())
                .startsWith("0184aa41646a7573746d656e74cb0000000000000000a54572726f72cb3ff8000000000000")
                .contains("a6486569676874cb3ee4f8b588e368f1");
        assertThat(Coordinate.decode(fresh.encode())).isEqualTo(fresh);
        assertThatThrownBy(() -> Coordinate.decode(Bytes.hex("02c0"))).isInstanceOf(WireFormatException.class);
        assertThatThrownBy(() -> Coordinate.decode(Bytes.hex("01c0"))).isInstanceOf(WireFormatException.class);
        assertThatThrownBy(() -> Coordinate.decode(Bytes.EMPTY)).isInstanceOf(WireFormatException.class);
    }
}

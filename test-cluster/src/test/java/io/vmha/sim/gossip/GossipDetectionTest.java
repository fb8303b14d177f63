package io.vmha.sim.gossip;

import static org.assertj.core.api.Assertions.assertThat;

import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The simulator against reality: what {@code gossip-bench} measured of real agents (docs/benchmarks.md) is what it must give, within a
 * twentieth. In virtual time, so a run gives the same every time.
 */
@Tag("sim")
final class GossipDetectionTest {
    private static final Percentage TWENTIETH = Percentage.withPercentage(5);

    @ParameterizedTest
    @CsvSource({"5,5600,5500,1000", "20,6820,6920,200", "50,8770,0,150"})
    void mediansAreThoseOfRealAgents(int nodes, long serfMs, long oursMs, int deaths) {
        DetectionRun.Medians simulated = DetectionRun.run(nodes, deaths, 1);

        assertThat(simulated.firstMs()).as("against real serf").isCloseTo(serfMs, TWENTIETH);
        if (oursMs > 0) { // else it has not been measured at this size
            assertThat(simulated.firstMs()).as("against our agent").isCloseTo(oursMs, TWENTIETH);
        }
        assertThat(simulated.falseFailures()).isZero();
    }
}

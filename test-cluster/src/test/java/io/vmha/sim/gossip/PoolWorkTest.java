package io.vmha.sim.gossip;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a large pool costs the simulator, in work that is counted and not in time: {@code gossip-sim pool} of a thousand nodes is useful only
 * while a node and second cost some dozen events.
 */
@Tag("sim")
final class PoolWorkTest {
    private static final Logger LOG = LoggerFactory.getLogger(PoolWorkTest.class);
    private static final int NODES = 150;
    private static final long LIVING_MS = 60_000;
    private static final double EVENTS_MAX = 40;
    private static final double PACKETS_MAX = 30;

    @Test
    void nodeAndSecondCostSomeDozenEvents() {
        var run = new PoolRun(NODES, 1);
        run.form();
        PoolRun.Summary formed = run.summary();

        run.live(LIVING_MS);

        PoolRun.Summary lived = run.summary();
        double nodeSeconds = NODES * LIVING_MS / 1000.0;
        double events = (lived.events() - formed.events()) / nodeSeconds;
        double packets = (lived.packets() - formed.packets()) / nodeSeconds;
        LOG.info("pool nodes={} events={} packets={}", NODES, events, packets);
        assertThat(lived.faults()).isPositive();
        assertThat(events).as("events of a node in a second").isBetween(1.0, EVENTS_MAX);
        assertThat(packets).as("packets of a node in a second").isBetween(1.0, PACKETS_MAX);
    }
}

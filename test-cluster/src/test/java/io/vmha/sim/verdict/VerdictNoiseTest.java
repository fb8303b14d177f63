package io.vmha.sim.verdict;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.sim.SimulationFlags;
import io.vmha.sim.verdict.VerdictCell.Trouble;
import java.util.ArrayList;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Loss, starvation, stops and cuts: no host in reach is ever called unheard, and none is declared. One virtual minute a run. */
@Tag("sim")
class VerdictNoiseTest {
    private static final Logger LOG = LoggerFactory.getLogger(VerdictNoiseTest.class);

    private static void nobodyIsAccused(VerdictCell cell, long seeds) {
        var falsely = new ArrayList<String>();
        for (long seed : SimulationFlags.seeds(seeds)) {
            VerdictRun.run(cell, seed).falsely().forEach(what -> falsely.add("seed " + seed + ": " + what));
        }
        LOG.info("noise cell=\"{}\" seeds={} false={}", cell.name(), seeds, falsely.size());
        assertThat(falsely).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5, 20, 30, 50})
    void lossAccusesNobody(int percent) {
        nobodyIsAccused(VerdictCell.noise(20, Trouble.NONE, percent), 4);
    }

    @ParameterizedTest
    @CsvSource({"STARVED,0", "STOPPED,0", "STOPPED,20", "MUTE,0", "DEAF,0", "FLAPPING,0", "FLAPPING,5", "STARVED,20"})
    void troubleOfHostsThatLiveAccusesNobody(Trouble trouble, int lossPercent) {
        nobodyIsAccused(VerdictCell.noise(20, trouble, lossPercent), 4);
    }
}

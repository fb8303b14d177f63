package io.vmha.sim.recovery;

import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.vmha.sim.SimulationFailure;
import io.vmha.sim.SimulationFlags;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Proves that the suite can fail: each safety rule that is taken out is missed within a thousand runs. */
@Tag("sim")
class MutantTest {
    private static final Logger LOG = LoggerFactory.getLogger(MutantTest.class);
    private static final long SEEDS_MOST = 1_000;

    @ParameterizedTest
    @EnumSource(Mutants.class)
    void missingRuleIsNoticed(Mutants mutant) {
        isNoticed(mutant);
    }

    @ParameterizedTest
    @EnumSource(UpkeepMutants.class)
    void missingPromiseOfUpkeepIsNoticed(UpkeepMutants mutant) {
        isNoticed(mutant);
    }

    private static void isNoticed(SoughtMutant mutant) {
        assumeFalse(SimulationFlags.oneRunIsAskedFor());
        for (long seed = 1; seed <= SEEDS_MOST; seed++) {
            List<Scenario> scenarios = mutant.scenarios();
            Scenario scenario = scenarios.get((int) (seed % scenarios.size()));
            try {
                new RecoveryRun(scenario, seed, mutant).toTheEnd();
            } catch (SimulationFailure e) {
                LOG.info("run failed mutant={} runs={} rule={}", mutant, seed, e.rule());
                // another rule may be broken without the mutant as well: only its own tells that it was found
                if (mutant.rules().contains(e.rule())) {
                    return;
                }
            }
        }
        throw new AssertionError(mutant + " was not found in " + SEEDS_MOST + " runs");
    }
}

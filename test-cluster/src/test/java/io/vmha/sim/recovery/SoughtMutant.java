package io.vmha.sim.recovery;

import java.util.List;

/** A mutant, and where it must be noticed. */
interface SoughtMutant extends Mutant {
    /** The rules that may be seen broken. */
    List<String> rules();

    /** Where its absence may be noticed. */
    List<Scenario> scenarios();
}

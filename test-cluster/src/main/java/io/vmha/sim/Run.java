package io.vmha.sim;

/**
 * What names a run: the same three give the same run, event by event, on every machine.
 *
 * @param test the test class that can repeat it
 */
public record Run(String test, String scenario, long seed) {
    /** The line that repeats this run. */
    public String repeatLine() {
        return "mvn -o verify -pl test-cluster -am -Dtest=" + test
                + " -Dsurefire.failIfNoSpecifiedTests=false -Dtest.excludedGroups=none -Dsim.scenario=" + scenario
                + " -Dsim.seed=" + seed;
    }
}

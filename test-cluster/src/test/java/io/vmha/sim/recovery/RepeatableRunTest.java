package io.vmha.sim.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A seed gives the same run in every JVM: nothing depends on hash seeds, addresses or the order of sets. */
@Tag("sim")
class RepeatableRunTest {
    private static String runInAJvmOfItsOwn(String scenario, long seed, String hashing)
            throws IOException, InterruptedException {
        Process jvm = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UnlockExperimentalVMOptions",
                        hashing,
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        RepeatableRunMain.class.getName(),
                        scenario,
                        Long.toString(seed))
                .redirectErrorStream(true)
                .start();
        try {
            String said = new String(jvm.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(jvm.waitFor(240, TimeUnit.SECONDS)).as("the JVM ends").isTrue();
            assertThat(jvm.exitValue()).as(said).isZero();
            return said;
        } finally {
            jvm.destroyForcibly();
        }
    }

    @Test
    void oneSeedGivesOneHashInTwoJvms() throws IOException, InterruptedException {
        String here = RecoveryRun.run(Scenario.STORM_9, 5).hash() + " after";

        // identity hashes differ: zero in one, random in the other
        String one = runInAJvmOfItsOwn("storm-9", 5, "-XX:hashCode=2");
        String other = runInAJvmOfItsOwn("storm-9", 5, "-XX:hashCode=5");

        assertThat(one).isEqualTo(other).startsWith(here);
    }
}

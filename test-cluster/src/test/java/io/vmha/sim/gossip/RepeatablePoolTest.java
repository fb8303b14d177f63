package io.vmha.sim.gossip;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A pool with all faults, observers and wrong clocks is the same, event by event, in every JVM. */
@Tag("sim")
final class RepeatablePoolTest {
    private static final int NODES = 60;
    private static final long SEED = 7;

    static String said() {
        var run = new PoolRun(NODES, SEED);
        run.form();
        run.live(run.livingMs());
        run.requireTruth();
        PoolRun.Summary summary = run.summary();
        assertThat(summary.faults()).as("faults").isGreaterThan(5);
        assertThat(summary.powerCuts()).as("hosts that lost their power").isPositive();
        assertThat(summary.falseSilences())
                .as("healthy hosts silent to all their observers")
                .isZero();
        return summary.toString();
    }

    private static String saidInAJvmOfItsOwn(String hashing) throws IOException, InterruptedException {
        Process jvm = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UnlockExperimentalVMOptions",
                        hashing,
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        RepeatablePoolMain.class.getName())
                .redirectErrorStream(true)
                .start();
        try {
            String said = new String(jvm.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(jvm.waitFor(240, TimeUnit.SECONDS)).as("the JVM ends").isTrue();
            assertThat(jvm.exitValue()).as(said).isZero();
            return said.strip();
        } finally {
            jvm.destroyForcibly();
        }
    }

    @Test
    void oneSeedGivesOneHashInTwoJvms() throws IOException, InterruptedException {
        // identity hashes differ: zero in one, random in the other
        String one = saidInAJvmOfItsOwn("-XX:hashCode=2");
        String other = saidInAJvmOfItsOwn("-XX:hashCode=5");

        assertThat(one).isEqualTo(other).isEqualTo(said());
    }
}

package io.vmha.testcluster.ring;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** A benchmark of nothing is refused before it makes a namespace. */
class RingBenchUsageTest {
    private final StringWriter said = new StringWriter();

    private int bench(String... words) {
        return new CommandLine(new RingBenchCommand())
                .setErr(new PrintWriter(said, true))
                .execute(words);
    }

    @Test
    void aMeasureOfNoneIsRefused() {
        assertThat(bench("--kills", "-1")).isEqualTo(2);
        assertThat(bench("--kills", "0")).isEqualTo(2);
        assertThat(bench("--rest", "-3")).isEqualTo(2);
        assertThat(bench("--sizes", "5,0")).isEqualTo(2);

        assertThat(said.toString()).contains("found '-1'", "found '0'", "found '-3'");
    }
}

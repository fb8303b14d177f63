package io.vmha.testcluster.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** A benchmark of nothing is refused before it starts a server. */
class BenchUsageTest {
    private final StringWriter said = new StringWriter();

    private int bench(Object command, String... words) {
        return new CommandLine(command).setErr(new PrintWriter(said, true)).execute(words);
    }

    @Test
    void aMeasureOfNoneIsRefused() {
        assertThat(bench(new VerdictBench(), "--deaths", "0")).isEqualTo(2);
        assertThat(bench(new RecoveryBench(), "--vms", "3,-1")).isEqualTo(2);
        assertThat(bench(new ConsensusBench(), "--seconds", "99999999999")).isEqualTo(2);

        assertThat(said.toString()).contains("found '0'", "found '-1'", "found '99999999999'");
    }

    @Test
    void aPartThatIsNotThereIsRefused() {
        assertThat(bench(new ConsensusBench(), "--only", "kill,nope")).isEqualTo(2);

        assertThat(said.toString()).contains("--only must be some of [kill, freeze");
    }
}

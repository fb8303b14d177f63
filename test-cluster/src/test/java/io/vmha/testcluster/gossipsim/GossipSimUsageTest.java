package io.vmha.testcluster.gossipsim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** A simulation that cannot be is refused in a sentence before it begins. */
class GossipSimUsageTest {
    private final StringWriter said = new StringWriter();

    private int gossipSim(String... words) {
        return new CommandLine(new GossipSimCommand())
                .setErr(new PrintWriter(said, true))
                .execute(words);
    }

    @Test
    void aPoolThatIsTooLargeOrTooSmallIsRefused() {
        for (String nodes : new String[] {"20001", "1", "0", "-5", "9999999999", "many"}) {
            assertThat(gossipSim("pool", "--nodes", nodes)).as(nodes).isEqualTo(2);
            assertThat(gossipSim("detection", "--sizes", "5," + nodes))
                    .as(nodes)
                    .isEqualTo(2);
            assertThat(said.toString()).contains("from 2 to 20000 but found '" + nodes + "'");
        }
        assertThat(said.toString()).doesNotContain("Exception");
    }

    @Test
    void aMeasureOfNothingIsRefused() {
        assertThat(gossipSim("pool", "--seconds", "0")).isEqualTo(2);
        assertThat(gossipSim("detection", "--deaths", "-1")).isEqualTo(2);
        assertThat(gossipSim("verdict", "--deaths", "0")).isEqualTo(2);
        assertThat(gossipSim("verdict", "--minutes", "-10")).isEqualTo(2);

        assertThat(said.toString()).contains("found '0'", "found '-1'", "found '-10'");
    }
}

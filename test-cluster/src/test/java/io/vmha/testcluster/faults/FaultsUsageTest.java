package io.vmha.testcluster.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Words and files that are none: a sentence and the status of wrong usage, never a trace, and never a verdict about nothing. */
class FaultsUsageTest {
    private final StringWriter said = new StringWriter();

    @TempDir
    Path directory;

    private int faults(String... words) {
        said.getBuffer().setLength(0);
        return FaultsMain.command().setErr(new PrintWriter(said, true)).execute(words);
    }

    @Test
    void aSoakOfNoTimeIsNotGreen() {
        assertThat(faults("soak", "--directory", directory.toString(), "--hours", "-1"))
                .isEqualTo(2);
        assertThat(said.toString()).isEqualTo("faults: --hours must be above 0 and at most 1000 but is -1.0\n");
        assertThat(faults("soak", "--directory", directory.toString(), "--hours", "NaN"))
                .isEqualTo(2);
    }

    @Test
    void guestsThatDoNotExistAreRefusedBeforeAnythingIsMade() {
        assertThat(faults("prove", "--guests", "sheep")).isEqualTo(2);
        assertThat(said.toString()).isEqualTo("faults: guests must be processes or qemu but are 'sheep'\n");
        assertThat(faults("prove", "--proof", "hearsay")).isEqualTo(2);
        assertThat(said.toString()).isEqualTo("faults: a proof must be bmc, lease or bmc,lease but is 'hearsay'\n");
    }

    @Test
    void realGuestsAndARealNovaAreNotTogether() {
        assertThat(faults("prove", "--guests", "qemu", "--nova", "openstack")).isEqualTo(2);
        assertThat(said.toString()).contains("need --nova simulated").hasLineCount(1);
    }

    @Test
    void anEmptyHistoryIsNotJudged() throws IOException {
        Path empty = Files.createFile(directory.resolve("empty.history"));

        assertThat(faults("check", empty.toString())).isEqualTo(2);
    }

    @Test
    void whatIsGivenWronglyIsASentence() throws IOException {
        Path file = Files.createFile(directory.resolve("file"));

        assertThat(faults("soak", "--directory", file.toString())).isEqualTo(2);
        assertThat(said.toString())
                .startsWith("faults: ")
                .contains("cannot be used")
                .hasLineCount(1);
        assertThat(faults("prove", "--nemesis", "meteor")).isEqualTo(2);
        assertThat(said.toString()).contains("no family 'meteor'").hasLineCount(1);
        assertThat(faults("prove", "--nova", "vmware")).isEqualTo(2);
        assertThat(said.toString()).isEqualTo("faults: --nova must be simulated or openstack but is vmware\n");
        assertThat(faults("soak", "--directory", directory.resolve("new").toString(), "--nova", "real"))
                .isEqualTo(2);
        assertThat(said.toString()).isEqualTo("faults: --nova must be simulated or openstack but is real\n");
        assertThat(directory.resolve("new")).doesNotExist();
        assertThat(faults("ledger", directory.toString(), file.toString())).isEqualTo(2);
    }
}

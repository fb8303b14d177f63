package io.vmha.testcluster.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a soak says of its runs: nothing is lost, neither a violation nor a test bed that could not be made. */
class SoakTotalsTest {
    @TempDir
    Path directory;

    @Test
    void everyRunIsALineOfTheTableAndPartOfTheSum() throws IOException {
        Path good = write(
                "good.json",
                "{'findings':[{'id':'I1','verdict':'HELD'},{'id':'I5','verdict':'UNKNOWN'}],'events':["
                        + "{'k':'fault'},{'k':'fault'},{'k':'bite','bit':true},{'k':'bite','bit':false},"
                        + "{'k':'nova','evacuates':'v','committed':true},{'k':'nova','evacuates':'v','committed':false},{'k':'power','on':false,'by':'its"
                        + " BMC'},{'k':'power','on':true,'by':'its BMC'}]}");
        Path bad = write(
                "bad.json",
                "{'findings':[{'id':'I8','verdict':'VIOLATED'}],'events':[{'k':'fault'},{'k':'bite','bit':true}]}");
        Path table = directory.resolve("summary.md");
        var totals = new SoakTotals(table);

        totals.add(7, good);
        totals.add(8, bad);
        totals.add(9, directory.resolve("missing.json"));

        assertThat(Files.readString(table))
                .contains("| 7 | 2 | 1 | 1 | 1 | – | I5 |")
                .contains("| 8 | 1 | 1 | 0 | 0 | I8 | – |")
                .contains("| 9 | the test bed failed |");
        assertThat(totals.words())
                .isEqualTo("2 runs, 3 faults, 2 of them shown to have bitten; violated: {I8=1};"
                        + " the test bed failed 1 times");
    }

    private Path write(String name, String json) throws IOException {
        return Files.writeString(directory.resolve(name), json.replace('\'', '"'));
    }
}

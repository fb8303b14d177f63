package io.vmha.testcluster.faults.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a ledger says of its runs: nothing is lost, neither a violation nor a test bed that could not be made. */
class LedgerTest {

    @TempDir
    Path directory;

    private Ledger ledger;

    @BeforeEach
    void threeRuns() throws IOException {
        Path good = write(
                "good.json",
                "{'run':{'seed':7,'date':'2026-11-26T22:00:01Z','commit':'abc','again':'./faults run --seed 7'},"
                        + "'ended_ms':61000,"
                        + "'findings':[{'id':'I1','verdict':'HELD'},{'id':'I5','verdict':'UNKNOWN'}],'events':["
                        + "{'k':'fault','id':'f1','name':'loss','family':'quality'},"
                        + "{'k':'fault','id':'f2','name':'power-off','family':'power'},"
                        + "{'k':'bite','id':'f1','bit':true},{'k':'bite','id':'f2','bit':false},"
                        + "{'k':'nova','evacuates':'v','committed':true},"
                        + "{'k':'nova','evacuates':'v','committed':false},"
                        + "{'k':'power','on':false,'by':'its BMC'},{'k':'power','on':true,'by':'its BMC'}],"
                        + "'operations':[[1,2,'READ','DONE'],[1,2,'READ','UNKNOWN']]}");
        Path bad = write(
                "bad.json",
                "{'run':{'seed':8},'findings':[{'id':'I8','verdict':'VIOLATED','summary':'one against it',"
                        + "'evidence':['hv-1 <lived>']}],'events':[{'k':'fault','id':'f1','name':'loss',"
                        + "'family':'quality'},{'k':'bite','id':'f1','bit':true}]}");
        ledger = Ledger.open(directory.resolve("ledger.jsonl"));

        ledger.add(good);
        ledger.add(bad);
        ledger.addFailedBed(9);
    }

    @Test
    void everyRunIsALineAndPartOfTheSum() {
        assertThat(LedgerReport.markdown(ledger))
                .contains("| 2026-11-26T22:00 | abc | 7 | 61 | 2 | 1 | 1 | 1 | – |")
                .contains("|  |  | 8 | 0 | 1 | 1 | 0 | 0 | I8 |")
                .contains("| 9 | the test bed failed |")
                .contains("| power | power-off | 1 | 0 |")
                .contains("| quality | loss | 2 | 2 |")
                .contains("Seed 8, I8: one against it\n- hv-1 <lived>");
        assertThat(LedgerReport.words(ledger))
                .isEqualTo("2 runs, 3 faults, 2 of them shown to have bitten; 1 hosts switched off by BMCs, 1 evacuate"
                        + " calls, 1 answered operations on the store; violated: {I8=1}; the test bed failed 1 times");
    }

    @Test
    void theNextSoakGoesOnWhereThisOneEnded() {
        Ledger again = Ledger.open(directory.resolve("ledger.jsonl"));

        assertThat(again.runs()).hasToString(ledger.runs().toString());
        assertThat(again.faults()).isEqualTo(3);
        assertThat(again.lastSeed()).isEqualTo(9);
    }

    @Test
    void aLineThatASoakWasKilledInIsDroppedAndTheNextOneWhole() throws IOException {
        Path file = directory.resolve("ledger.jsonl");
        Files.writeString(file, "{\"seed\":10,\"beg", StandardOpenOption.APPEND);

        Ledger again = Ledger.open(file);
        again.addFailedBed(11);

        assertThat(again.runs()).hasSize(4);
        assertThat(Ledger.open(file).lastSeed()).isEqualTo(11);
    }

    @Test
    void onlyRunsAreTakenAndEachOnce() throws IOException {
        Path other = write("other.json", "{'a':1}");
        Path good = directory.resolve("good.json");

        assertThatThrownBy(() -> ledger.add(other)).hasMessageContaining("expected a run's JSON report");
        assertThatThrownBy(() -> ledger.add(good)).hasMessageContaining("would count twice");
        assertThat(ledger.runs()).hasSize(3);
    }

    @Test
    @Tag("cluster")
    void aBrowserShowsThePage() throws Exception {
        LedgerReport.write(ledger, directory);

        String dom = Chromium.shown(directory.resolve("summary.html"), directory);

        assertThat(dom)
                .contains("data-rendered=\"yes\"", "power-off", "the test bed failed", "hv-1 &lt;lived&gt;")
                .contains("seed 8, I8");
    }

    private Path write(String name, String json) throws IOException {
        return Files.writeString(directory.resolve(name), json.replace('\'', '"'));
    }
}

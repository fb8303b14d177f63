package io.vmha.testcluster.faults.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.testcluster.faults.check.Finding;
import io.vmha.testcluster.faults.check.Invariant;
import io.vmha.testcluster.faults.check.Invariants;
import io.vmha.testcluster.faults.history.History;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page of a run that really happened, as a browser shows it. */
class ReportTest {

    @TempDir
    Path directory;

    private Path page() throws IOException {
        Path kept = directory.resolve("run.history");
        try (var in = ReportTest.class.getResourceAsStream("run.history")) {
            assertThat(in).isNotNull();
            Files.write(kept, in.readAllBytes());
        }
        History history = History.read(kept);
        Map<Invariant, Finding> findings = new LinkedHashMap<>();
        Invariants.all().forEach(invariant -> findings.put(invariant, invariant.check(history)));
        Path page = directory.resolve("report.html");
        Report.write(Report.document(history, findings), page);
        return page;
    }

    @Test
    void thePageNeedsNothingElse() throws IOException {
        String html = Files.readString(page());

        assertThat(html.replace("http://www.w3.org/2000/svg", ""))
                .doesNotContainPattern("(src|href)\\s*=\\s*[\"']|url\\(|@import|fetch\\(|XMLHttpRequest");
        assertThat(html).contains("const D = {").doesNotContain("/*DOCUMENT*/");
    }

    @Test
    @Tag("cluster")
    void aBrowserShowsEveryPartOfItWithoutAComplaint() throws Exception {

        String dom = Chromium.shown(page(), directory);

        assertThat(dom)
                .contains("data-rendered=\"yes\"")
                .contains(
                        "What went wrong, and who led", "Each VM's life", "Invariants", "Incidents", "Faults", "Again")
                .contains(
                        "<svg",
                        "power-off",
                        "1 invariant violated",
                        "was switched off by its BMC, but lived and could be reached");
        assertThat(dom.split("<rect", -1)).hasSizeGreaterThan(30);
    }
}

package io.vmha.testcluster.faults.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.vmha.testcluster.faults.check.Finding;
import io.vmha.testcluster.faults.history.Event;
import io.vmha.testcluster.faults.history.History;
import io.vmha.testcluster.faults.history.Kinds;
import io.vmha.testcluster.faults.lab.GuestPlan;
import io.vmha.testcluster.faults.workload.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Scenarios as people write them. */
class ScenarioFileTest {
    private static final Path KEPT = Path.of("scenarios");

    @Test
    void everyScenarioThatTheProjectKeepsCanBeReadAndDoesSomething() throws IOException {
        try (Stream<Path> files = Files.list(KEPT)) {
            List<Path> scenarios =
                    files.filter(file -> file.toString().endsWith(".scenario")).toList();

            assertThat(scenarios).isNotEmpty();
            assertThat(scenarios).allSatisfy(file -> {
                Scenario scenario = ScenarioFile.read(file);
                assertThat(scenario.steps()).isNotEmpty();
                assertThat(scenario.title()).isNotBlank();
            });
        }
    }

    @Test
    void aLineIsReadAsItIsMeant() {
        Scenario scenario = ScenarioFile.parse(
                "mine",
                List.of(
                        "title  Two things at once # a remark",
                        "hosts 7",
                        "vms 1",
                        "seed 42",
                        "workload register vms",
                        "at 1500ms power-off on 3,4 for 2m",
                        "at 5s loss",
                        "at 6s partition-one on leader for 8s",
                        "expect evacuated 3,4",
                        "expect fenced none",
                        "expect story declared dead: hv-3"));

        assertThat(scenario.title()).isEqualTo("Two things at once");
        assertThat(scenario.hosts()).isEqualTo(7);
        assertThat(scenario.seed()).isEqualTo(42);
        assertThat(scenario.workloads()).extracting(Workload::name).containsExactly("register", "vms");
        assertThat(scenario.steps().get(0).atMs()).isEqualTo(1_500);
        assertThat(scenario.steps().get(0).hosts()).containsExactly(3, 4);
        assertThat(scenario.steps().get(0).lastsMs()).isEqualTo(120_000);
        assertThat(scenario.steps().get(1).lastsMs())
                .isEqualTo(scenario.steps().get(1).nemesis().shortestMs());
        assertThat(scenario.steps().get(1).onLeader()).isFalse();
        assertThat(scenario.steps().get(2).onLeader()).isTrue();
        assertThat(scenario.steps().get(2).hosts()).isEmpty();
        assertThat(scenario.expectations().get(0).words()).containsExactly("hv-3", "hv-4");
        assertThat(scenario.expectations().get(1).words()).isEmpty();
        assertThat(scenario.expectations().get(2).words()).containsExactly("declared dead: hv-3");
    }

    @Test
    void aScenarioSaysWhatItsGuestsAre() {
        Scenario leased = ScenarioFile.parse(
                "mine",
                List.of("title t", "guests qemu", "proof lease", "at 3s partition-one on 2", "expect paused 2"));
        Scenario usual = ScenarioFile.parse("mine", List.of("title t", "at 3s partition-one on 2"));

        assertThat(leased.guests()).contains(new GuestPlan(GuestPlan.Kind.QEMU, List.of("lease")));
        assertThat(leased.expectations().get(0).words()).containsExactly("hv-2");
        assertThat(usual.guests()).isEmpty();
        assertThatThrownBy(() -> ScenarioFile.parse("mine", List.of("title t", "guests sheep")))
                .hasMessage("mine: guests must be processes or qemu but are 'sheep'");
        assertThatThrownBy(() -> ScenarioFile.parse("mine", List.of("title t", "proof hearsay")))
                .hasMessage("mine: a proof must be bmc, lease or bmc,lease but is 'hearsay'");
    }

    @Test
    void aPauseIsExpectedOfTheHostsThatAreNamed() {
        Scenario scenario = ScenarioFile.parse("mine", List.of("title t", "expect paused 2"));

        assertThat(Expectations.check(scenario, lives("hv-2", 5_000, 9_000)).verdict())
                .isEqualTo(Finding.Verdict.HELD);
        assertThat(Expectations.check(scenario, lives("hv-2", 5_000, 7_000)).evidence())
                .containsExactly("no guest of [hv-2] stood still for 3000 ms and went on");
        assertThat(Expectations.check(scenario, lives("hv-3", 5_000, 9_000)).verdict())
                .isEqualTo(Finding.Verdict.VIOLATED);
        assertThat(Expectations.check(scenario, lives("hv-2", 1_000, 5_000)).verdict())
                .as("before the first fault")
                .isEqualTo(Finding.Verdict.VIOLATED);
    }

    private static History lives(String host, long stoodStill, long wentOn) {
        var life = JsonNodeFactory.instance.objectNode().put("vm", "v").put("host", host);
        life.putArray("gaps").addArray().add(stoodStill).add(wentOn);
        var fault = JsonNodeFactory.instance.objectNode().put("nemesis", "partition-one");
        return History.of(List.of(new Event(4_000, Kinds.FAULT, fault), new Event(0, Kinds.GUEST, life)));
    }

    @Test
    void everyMistakeIsToldAtOnceWithItsLine() {
        List<String> lines = List.of(
                "hosts many",
                "at noon power-off",
                "at 3s meteor",
                "at 3s loss on 9",
                "expect rain",
                "colour blue",
                "workload tetris");

        assertThatThrownBy(() -> ScenarioFile.parse("mine", lines))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll(
                        "line 1: expected a number",
                        "line 2: a time is written 500ms, 10s or 2m but is 'noon'",
                        "line 3: there is no nemesis 'meteor'",
                        "line 4: hosts are 1 to 5 but found '9'",
                        "line 5: expected evacuated, fenced, paused or story",
                        "line 6: expected title, hosts",
                        "line 7: there is no workload 'tetris'",
                        "a line 'title …' is missing");
    }
}

package io.vmha.testcluster.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** The protocol's rules hold in the model, and the model breaks without each of them. */
@Tag("sim")
class ModelTest {
    private static final Path FOLDER = Path.of("..", "docs", "tla");
    private static final Duration LIMIT = Duration.ofMinutes(15);

    private static final Map<String, ModelResult> RESULTS = new ConcurrentHashMap<>();

    static List<ModelRun> holding() {
        return small().filter(run -> run.expectedFailure().isEmpty()).toList();
    }

    static List<ModelRun> failing() {
        return small().filter(run -> run.expectedFailure().isPresent()).toList();
    }

    private static Stream<ModelRun> small() {
        return ModelRuns.read(FOLDER.resolve("runs.txt")).stream().filter(run -> run.scope() == ModelRun.Scope.small);
    }

    /** Every run is a process of its own, on half of the cores: the other half is for what Maven runs beside it. */
    @BeforeAll
    static void askTlc() throws InterruptedException {
        int places = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
        ExecutorService pool = Executors.newFixedThreadPool(places);
        small().forEach(run -> pool.execute(() -> RESULTS.put(run.name(), new Tlc(FOLDER, 1024).run(run, LIMIT))));
        pool.shutdown();
        assertThat(pool.awaitTermination(60, TimeUnit.MINUTES)).isTrue();
    }

    @ParameterizedTest
    @MethodSource("holding")
    void theRulesHold(ModelRun run) {
        ModelResult result = RESULTS.get(run.name());

        assertThat(result.outcome()).as(result.toString()).isEqualTo(ModelResult.Outcome.HOLDS);
        assertThat(result.states()).isPositive();
    }

    @ParameterizedTest
    @MethodSource("failing")
    void eachRuleIsNeeded(ModelRun run) {
        ModelResult result = RESULTS.get(run.name());

        assertThat(result.outcome()).as(result.toString()).isEqualTo(ModelResult.Outcome.FAILS);
        assertThat(result.failed()).isEqualTo(run.expectedFailure().orElseThrow());
        assertThat(result.trace()).hasSizeGreaterThan(1);
    }

    @Test
    void everyRuleOfTheModulesHasARunWithoutIt() {
        List<String> taken = ModelRuns.read(FOLDER.resolve("runs.txt")).stream()
                .map(run -> run.settings().getOrDefault("Without", "{}"))
                .flatMap(without -> Stream.of(without.split("[{}\",]+", -1)))
                .filter(rule -> !rule.isEmpty())
                .toList();

        List<String> rules = Stream.of("Lease.tla", "Recovery.tla")
                .flatMap(module -> ModelRunsTest.matches(FOLDER.resolve(module), "no\\(\"([^\"]+)\"\\)"))
                .distinct()
                .toList();

        assertThat(rules).hasSizeGreaterThan(25);
        assertThat(taken).containsAll(rules);
    }

    @Test
    void aRunThatDoesNotGoAsExpectedIsTheExitStatus() {
        var out = new StringWriter();
        CommandLine model = new CommandLine(new ModelCommand()).setOut(new PrintWriter(out));

        int status = model.execute("--folder", FOLDER.toString(), "--json", "--minutes", "0", "recovery/one try");

        assertThat(status).isEqualTo(1);
        assertThat(out.toString()).contains("UNFINISHED").contains("\"failed\" : 1");
    }
}

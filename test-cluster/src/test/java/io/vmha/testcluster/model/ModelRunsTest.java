package io.vmha.testcluster.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelRunsTest {
    @TempDir
    private Path folder;

    /** The first group of each match in a file. */
    static Stream<String> matches(Path file, String pattern) {
        try {
            return Pattern.compile(pattern)
                    .matcher(Files.readString(file))
                    .results()
                    .map(found -> found.group(1));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path list(String... lines) {
        try {
            return Files.write(folder.resolve("runs.txt"), Stream.of(lines).toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aRunIsItsModulesBaseWithItsOwnSettings() {
        Path file = list("base Lease L=1 K=1 invariants=A,B symmetry=S", "one | Lease | small | A | L=2 symmetry=none");

        ModelRun run = ModelRuns.read(file).get(0);

        assertThat(run.expectedFailure()).isEqualTo(Optional.of("A"));
        assertThat(run.configuration()).isEqualTo("SPECIFICATION Spec\nCONSTANTS\n  K = 1\n  L = 2\nINVARIANTS A B\n");
    }

    @Test
    void everyMistakeIsReportedWithItsLine() {
        Path file = list(
                "base Lease L=1",
                "short | Lease",
                "x | Other | small | holds |",
                "y | Lease | tiny | holds |",
                "z | Lease | small | holds | nonsense");

        assertThatThrownBy(() -> ModelRuns.read(file))
                .isInstanceOf(ModelException.class)
                .hasMessageContainingAll("line 2", "line 3", "line 4", "line 5", "nonsense", "base Other");
    }

    @Test
    void theTraceTellsWhatEachStepChanges() {
        String output = """
            Error: Invariant Safe is violated.
            State 1: <Initial predicate>
            /\\ a = 1
            /\\ b = 1

            State 2: <Step line 3>
            /\\ a = 1
            /\\ b = 2

            12 states generated, 7 distinct states found, 0 states left on queue.
            """;
        ModelRun run = ModelRuns.read(list("base M invariants=Safe", "one | M | small | Safe |"))
                .get(0);

        ModelResult result = Tlc.result(output, 12, run, 1);

        assertThat(result.trace()).containsExactly("Initial", "Step  b = 2");
        assertThat(result.states()).isEqualTo(7);
        assertThat(result.isExpectedBy(run)).isTrue();
    }

    @Test
    void whatIsNotFinishedIsNotHeldForTrue() {
        ModelRun run = ModelRuns.read(list("base M invariants=Safe", "one | M | small | holds |"))
                .get(0);

        ModelResult result = Tlc.result("Progress(3): 12 states generated, 7 distinct states found", -1, run, 1);

        assertThat(result.outcome()).isEqualTo(ModelResult.Outcome.UNFINISHED);
        assertThat(result.isExpectedBy(run)).isFalse();
    }
}

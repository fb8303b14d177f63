package io.vmha.node.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GateVerbTest {
    @TempDir
    Path directory;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private Path file;
    private Path config;

    @BeforeEach
    void configure() throws IOException {
        config = Files.createFile(directory.resolve("vmhad.yaml"));
        file = directory.resolve("gate");
    }

    private static String bootId() throws IOException {
        return Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
    }

    private static long bootMs() throws IOException {
        String uptime = Files.readString(Path.of("/proc/uptime"));
        return Math.round(Double.parseDouble(uptime.substring(0, uptime.indexOf(' '))) * 1_000);
    }

    private int gate(String... more) {
        var words = new ArrayList<>(List.of("gate", "--file", file.toString(), "--config", config.toString()));
        words.addAll(List.of(more));
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        return VmhaCommand.run(new PrintWriter(out, true), new PrintWriter(err, true), words.toArray(new String[0]));
    }

    private void say(boolean open, String reason, String boot, long writtenMs) throws IOException {
        Files.writeString(
                file,
                "format=1\nopen=" + (open ? 1 : 0) + "\nreason=" + reason + "\nboot_id=" + boot
                        + "\nwritten_boottime_ms=" + writtenMs + "\n");
    }

    @Test
    void anOpenGateIsStatusZero() throws IOException {
        say(true, "a majority answers", bootId(), bootMs());

        assertThat(gate()).isZero();
        assertThat(out).hasToString("open: a majority answers\n");
        assertThat(gate("--wait")).isZero();
    }

    @Test
    void aClosedOneIsStatusOneWithItsReason() throws IOException {
        say(false, "in \"quarantine\"", bootId(), bootMs());

        assertThat(gate()).isEqualTo(1);
        assertThat(out).hasToString("closed: in \"quarantine\"\n");
        assertThat(gate("--json")).isEqualTo(1);
        assertThat(out.toString())
                .startsWith("{\"open\": false, \"reason\": \"in \\\"quarantine\\\"\", \"waited_ms\": ");
    }

    @Test
    void aWaitWithALimitEndsAndTellsWhatItWaitedFor() throws IOException {
        say(false, "in quarantine", bootId(), bootMs());

        assertThat(gate("--wait", "1")).isEqualTo(1);
        assertThat(err.toString()).contains("waiting: in quarantine");
    }

    @Test
    void whatIsOldOrOfAnotherBootOrMissingIsAClosedGate() throws IOException {
        assertThat(gate()).isEqualTo(1);
        assertThat(out.toString()).contains("has not said anything yet");
        say(true, "yes", "another-boot", bootMs());
        assertThat(gate()).isEqualTo(1);
        assertThat(out.toString()).contains("in this boot");
        say(true, "yes", bootId(), bootMs() - 60_000);
        assertThat(gate()).isEqualTo(1);
        assertThat(out.toString()).contains("is it running");
        Files.writeString(file, "garbage");
        assertThat(gate()).isEqualTo(1);
    }

    @Test
    void withoutAConfigurationThereIsNothingToWaitFor() throws IOException {
        Files.delete(directory.resolve("vmhad.yaml"));

        assertThat(gate()).isZero();
        assertThat(out.toString()).contains("not configured");
    }

    @Test
    void aConfigurationThatCannotBeSeenClosesIt() throws IOException {
        Files.delete(config);
        Files.createSymbolicLink(config, directory.resolve("nowhere"));

        assertThat(gate()).isEqualTo(1);

        // root may look into every directory, but nobody at a name that is too long
        config = config.resolveSibling("x".repeat(300));
        assertThat(gate()).isEqualTo(1);
        assertThat(out.toString()).contains("may not see whether there is a");
    }

    @Test
    void theReasonIsJsonWhateverItHolds() throws IOException {
        say(false, "a\tb\\ \u001b[31m", bootId(), bootMs());

        assertThat(gate("--json")).isEqualTo(1);

        assertThat(Document.parse(out.toString()).text("reason")).isEqualTo("a?b\\ ?[31m");
    }

    @Test
    void aWaitThatNobodyCanMeanIsRefused() {
        assertThat(gate("--wait", "9223372036854775807")).isEqualTo(2);
        assertThat(gate("--wait=-5")).isEqualTo(2);
        assertThat(err.toString()).contains("but is -5");
    }
}

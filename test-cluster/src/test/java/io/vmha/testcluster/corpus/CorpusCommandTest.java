package io.vmha.testcluster.corpus;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The captures that the project keeps, and a damaged one. */
class CorpusCommandTest {
    private static final Path KEPT = Path.of("../gossip/src/test/resources/corpus");

    @TempDir
    private Path folder;

    @Test
    void everyFrameThatTheProjectKeepsHasItsRecordedMeaning() {
        CorpusCheck check = CorpusCheck.of(KEPT);

        assertThat(check.problems()).isEmpty();
        assertThat(check.read().get("udp")).isGreaterThan(400);
        assertThat(check.read().get("tcp")).isGreaterThan(50);
        assertThat(check.read().get("rpc-tcp")).isGreaterThan(20);
        assertThat(check.encodedAlike()).isGreaterThan(400);
        System.out.println("corpus: " + check.read() + ", encoded byte for byte " + check.encodedAlike());
    }

    /** Written from the text of the specification by another encoder: what is in no capture, every kind of message in both dialects. */
    @Test
    void rareFramesHaveTheirMeaning() {
        CorpusCheck check = CorpusCheck.of(Path.of("src/test/resources/frames"));

        assertThat(check.problems()).isEmpty();
        assertThat(check.read().get("udp")).isGreaterThan(130);
        assertThat(check.read().get("tcp")).isGreaterThan(100);
        assertThat(check.encodedAlike()).isGreaterThan(100);
    }

    @Test
    void frameWithAnotherMeaningIsNamedAndChangesTheExitStatus() throws IOException {
        String frame = """
            {"name": "a-ping", "transport": "udp", "hex": "0082a44e6f6465a162a55365714e6f07",
             "decoded": {"message": {"type": 0, "name": "ping", "fields": {"SeqNo": SEQUENCE, "Node": "b"}}}}\
            """;
        write("{\"frames\": [" + frame.replace("SEQUENCE", "7") + "]}");
        assertThat(CorpusCommand.run(folder.toString())).isZero();

        write("{\"frames\": [" + frame.replace("SEQUENCE", "8") + "]}");
        assertThat(CorpusCommand.run(folder.toString())).isEqualTo(1);
        assertThat(CorpusCheck.of(folder).problems().toString())
                .contains("a-ping")
                .contains("recorded as 8 but we read 7");

        write("[");
        assertThat(CorpusCommand.run("--json", folder.toString())).isEqualTo(1);
        assertThat(CorpusCommand.run(folder.resolve("nothing").toString())).isEqualTo(2);
    }

    @Test
    void conversationMayBeLongerThanAnyOfItsValues() throws IOException {
        int values = 30_000;
        String value = "{\"offset\": 0, \"value\": {\"Seq\": 1}}";
        String decoded = String.join(",", Collections.nCopies(values, value));
        String talk = "{\"frames\": [{\"name\": \"talk\", \"transport\": \"rpc-tcp\", \"hex\": \""
                + "81a353657101".repeat(values) + "\", \"decoded\": [DECODED]}]}";
        write(talk.replace("DECODED", decoded));
        assertThat(CorpusCheck.of(folder).problems()).isEmpty();

        write(talk.replace("DECODED", decoded + "," + value));
        assertThat(CorpusCheck.of(folder).problems().toString()).contains("more values are recorded than we read");
    }

    @Test
    void aFolderWithoutFramesIsNotAsRecorded() {
        assertThat(CorpusCommand.run(folder.toString())).isEqualTo(2);
    }

    private void write(String text) throws IOException {
        Files.writeString(folder.resolve("one.json"), text, StandardCharsets.UTF_8);
    }
}

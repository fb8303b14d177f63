package io.vmha.testcluster.faults.lab;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmha.testcluster.faults.history.Event;
import io.vmha.testcluster.faults.history.History;
import io.vmha.testcluster.faults.history.Kinds;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What guests of QEMU write, as the injector makes lives of it. */
class GuestWatcherTest {
    @TempDir
    Path directory;

    @Test
    void aLineIsABeatOnlyIfItIsWhole() {
        assertThat(Beats.Beat.of("ALIVE 31F4 0000001A")).contains(new Beats.Beat("31F4", 26));
        assertThat(Beats.Beat.of("!LIVE 31F4 0000001A")).contains(new Beats.Beat("31F4", 26));
        assertThat(Beats.Beat.of("ALIVE 31F4 0000001")).isEmpty();
        assertThat(Beats.Beat.of("SeaBIOS (version 1.16)")).isEmpty();
        assertThat(Beats.Beat.of("\0\0\0\0\0")).isEmpty();
    }

    @Test
    void aPauseIsAGapAndTheLastBeatIsNotTakenForYoungerThanItMayBe() {
        var beats = new Beats();
        beats.see(0, 0, 100);
        beats.see(0, 100, 140); // seen again
        beats.see(1, 300, 340);
        beats.see(2, 5_300, 5_340);
        beats.see(3, 5_500, 8_000); // the one who looks had no processor for a while

        ObjectNode event = event(beats);

        assertThat(event.path("from_ms").asLong()).isEqualTo(100);
        assertThat(event.path("to_ms").asLong()).isEqualTo(5_500);
        assertThat(event.path("beats").asLong()).isEqualTo(4);
        assertThat(event.path("gaps").toString()).isEqualTo("[[340,5340],[5340,8000]]");
        assertThat(event.has("went_back")).isFalse();
    }

    @Test
    void aCountThatGoesBackIsNoted() {
        var beats = new Beats();
        beats.see(7, 0, 100);
        beats.see(5, 140, 180);
        beats.see(8, 180, 220);

        assertThat(event(beats).path("went_back").asText()).isEqualTo("from 7 to 5 at 180 ms");
    }

    private static ObjectNode event(Beats beats) {
        ObjectNode event = JsonNodeFactory.instance.objectNode();
        beats.put(event, "beats");
        return event;
    }

    @Test
    void theSectorSaysWhichCopyWroteAndTheSerialLineWhereItRan() throws IOException {
        History history = History.begin();
        var host = new LabHost(2, directory.resolve("hv-2"));
        Files.createDirectories(host.beatsDirectory());
        Path disks = Files.createDirectory(directory.resolve("disks"));
        Files.createFile(disks.resolve("boot"));
        Files.createFile(disks.resolve("vm-a.hv-2.draft"));
        Path serial = host.beatsDirectory().resolve("vm-a.7");
        try (var watcher = new GuestWatcher(disks, List.of(host), history)) {
            Files.writeString(serial, "boot\r\nALIVE 31F4 00000000\r\nALIVE 31F4 000000");
            sector(disks.resolve("vm-a"), "ALIVE 31F4 00000000\r\n");
            waitFor(history, 260);
            watcher.look();
            Files.writeString(serial, "01\r\n", StandardOpenOption.APPEND);
            sector(disks.resolve("vm-a"), "ALIVE BEEF 00000000\r\n");
            watcher.look();
            watcher.record();
        }

        Event life = history.of(Kinds.GUEST).get(0);
        assertThat(history.of(Kinds.GUEST)).hasSize(1);
        assertThat(life.text("vm") + " " + life.text("nonce") + " " + life.text("host"))
                .isEqualTo("vm-a 7 hv-2");
        assertThat(life.number("beats", 0)).isEqualTo(2);
        assertThat(history.of(Kinds.DISK)).extracting(e -> e.text("nonce")).containsExactlyInAnyOrder("7", "BEEF");
        assertThat(history.of(Kinds.DISK))
                .extracting(e -> e.text("host"))
                .containsExactlyInAnyOrder("hv-2", "a host that no serial line tells of");
    }

    /** New files are looked for now and then only. */
    private static void waitFor(History history, long ms) {
        long until = history.nowMs() + ms;
        while (history.nowMs() < until) {
            java.util.concurrent.locks.LockSupport.parkNanos(10_000_000);
        }
    }

    private static void sector(Path disk, String text) throws IOException {
        var bytes = new byte[1_024];
        byte[] sign = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(sign, 0, bytes, 512, sign.length);
        Files.write(disk, bytes);
    }
}

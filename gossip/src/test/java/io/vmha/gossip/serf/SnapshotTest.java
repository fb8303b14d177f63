package io.vmha.gossip.serf;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What is remembered of a pool, line by line. */
final class SnapshotTest {
    private static Snapshot replayed(String text) {
        Snapshot snapshot = new Snapshot();
        text.lines().forEach(snapshot::replay);
        return snapshot;
    }

    @Test
    void linesOfSerfAreUnderstood() {
        Snapshot snapshot = replayed("""
            alive: one 10.0.0.1:7946
            alive: two two-words 10.0.0.2:7946
            # a remark
            coordinate: {"Vec":[0,0]}
            clock: 14
            event-clock: 3
            query-clock: 2
            alive: three [fd00::3]:7946
            not-alive: one
            clock: 15
            """);

        assertThat(snapshot.alive().toString()).isEqualTo("{three=[fd00::3]:7946, two two-words=10.0.0.2:7946}");
        assertThat(snapshot.times()).isEqualTo(new Snapshot.Times(15, 3, 2));
        assertThat(snapshot.hasLeft()).isFalse();
    }

    @Test
    void whatIsWrittenIsReadBack() {
        Snapshot written = new Snapshot();
        String lines = written.onAlive("one", "10.0.0.1:1")
                + written.onAlive("two", "10.0.0.2:1")
                + written.onAlive("one", "10.0.0.1:1")
                + written.onTimes(new Snapshot.Times(7, 1, 1))
                + written.onNotAlive("two")
                + written.onNotAlive("nobody")
                + written.onLeft();

        assertThat(lines.lines()).hasSize(7);
        assertThat(replayed(lines).lines()).isEqualTo(written.lines());
        assertThat(replayed(lines).hasLeft()).isTrue();
        assertThat(replayed(String.join("", written.lines())).alive()).isEqualTo(written.alive());
    }

    @Test
    void aNameCannotSmuggleLinesIn() {
        Snapshot snapshot = new Snapshot();

        assertThat(snapshot.onAlive("evil 6.6.6.6:1\nclock: 999999\nleave\nalive: x", "10.0.0.1:1"))
                .isEmpty();
        assertThat(snapshot.onAlive("evil\r", "10.0.0.1:1")).isEmpty();
        assertThat(snapshot.onAlive("evil\u0085", "10.0.0.1:1")).isEmpty();
        assertThat(snapshot.onAlive("", "10.0.0.1:1")).isEmpty();
        assertThat(snapshot.size()).isZero();
    }

    @Test
    void damagedLinesAreLeftOut() {
        Snapshot snapshot =
                replayed("alive: \nalive: x\nalive:y 1.1.1.1:1\nclock: -5\nclock: 99999999999999999999\nclock: 4\ncl");

        assertThat(snapshot.size()).isZero();
        assertThat(snapshot.times()).isEqualTo(new Snapshot.Times(4, 0, 0));
    }
}

package io.vmha.testcluster.faults.nemesis;

import io.vmha.testcluster.faults.lab.Daemons;
import io.vmha.testcluster.faults.lab.LabHost;
import io.vmha.testcluster.faults.lab.TestBed;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;

/** The wall clock of a daemon: set forward or back, or too fast or slow. Its monotonic clock is not touched. */
final class ClockFaults {
    private static final long NANOS = 1_000_000_000L;

    private ClockFaults() {}

    static List<Nemesis> all() {
        return List.of(
                new Nemesis(
                        "clock-step",
                        Family.CLOCK,
                        "the wall clock of one daemon is set off by minutes or hours",
                        4_000,
                        20_000,
                        ClockFaults::step),
                new Nemesis(
                        "clock-rate",
                        Family.CLOCK,
                        "the wall clock of one daemon runs at half or three times its pace",
                        8_000,
                        20_000,
                        ClockFaults::rate));
    }

    private static Fault step(Stage stage) {
        int seconds = stage.between(30, 7_200) * (stage.dice().nextBoolean() ? 1 : -1);
        return moved(stage, "set " + seconds + " s ahead", seconds * NANOS, 0, Math.abs(seconds) / 2L);
    }

    private static Fault rate(Stage stage) {
        boolean fast = stage.dice().nextBoolean();
        return moved(
                stage,
                fast ? "runs three times too fast" : "runs at half its pace",
                0,
                fast ? 2 * NANOS : -NANOS / 2,
                1);
    }

    private static Fault moved(Stage stage, String how, long offsetNanos, long gainNanos, long secondsAtLeast) {
        List<LabHost> targets = stage.hosts(1);
        TestBed bed = stage.bed();
        targets.forEach(host -> bed.daemon(host).moveClock(offsetNanos, gainNanos));
        return new Fault("its wall clock " + how, targets)
                .shownBy(() -> offset(bed, targets, secondsAtLeast))
                .healedBy(() -> targets.forEach(host -> bed.daemon(host).moveClock(0, 0)));
    }

    /** The Date header of its HTTP server shows the time that the daemon has. */
    private static Optional<String> offset(TestBed bed, List<LabHost> targets, long secondsAtLeast) {
        for (LabHost host : targets) {
            Daemons.Reply reply = bed.daemons().send(host, "GET", "/v1/leader", "", Duration.ofSeconds(3));
            return reply.header("date")
                    .map(date -> Duration.between(
                                    Instant.now(), ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME))
                            .toSeconds())
                    .filter(off -> Math.abs(off) >= secondsAtLeast)
                    .map(off -> "the daemon's answers are dated " + off + " s off");
        }
        return Optional.empty();
    }
}

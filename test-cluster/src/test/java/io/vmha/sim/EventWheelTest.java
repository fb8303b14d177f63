package io.vmha.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class EventWheelTest {
    private static final long END_MS = 60_000;

    private final EventWheel wheel = new EventWheel();

    private record Planned(long atMs, int number) {}

    @Test
    void eventsHappenByTimeAndThenInTheOrderInWhichTheyWerePutIn() {
        var random = new SplittableRandom(3);
        List<Planned> planned = new ArrayList<>();
        List<Planned> happened = new ArrayList<>();

        long nowMs = 0;
        while (nowMs < END_MS) {
            for (int i = random.nextInt(4); i > 0; i--) {
                // now, soon, just on and just off the wheel, and far beyond it
                long afterMs = random.nextBoolean() ? random.nextLong(3) : random.nextLong(2_040, 2_060);
                var next = new Planned(nowMs + (random.nextInt(9) == 0 ? 10_000 : afterMs), planned.size());
                planned.add(next);
                wheel.add(next.atMs(), "planned", () -> happened.add(next));
            }
            nowMs += random.nextLong(4);
            for (EventWheel.Event event = wheel.next(nowMs); event != null; event = wheel.next(nowMs)) {
                event.action().run();
            }
        }
        for (EventWheel.Event event = wheel.next(2 * END_MS); event != null; event = wheel.next(2 * END_MS)) {
            event.action().run();
        }

        assertThat(planned).hasSizeGreaterThan(10_000);
        assertThat(happened)
                .isEqualTo(planned.stream()
                        .sorted(Comparator.comparingLong(Planned::atMs).thenComparingInt(Planned::number))
                        .toList());
        assertThat(wheel.size()).isZero();
    }

    @Test
    void emptyStretchesOfTimeAreSkipped() {
        wheel.add(1_000_000_000_000L, "in thirty years", () -> {});

        assertThat(wheel.next(999_999_999_999L)).isNull();
        assertThat(wheel.next(1_000_000_000_000L).atMs()).isEqualTo(1_000_000_000_000L);
        assertThat(wheel.next(Long.MAX_VALUE)).isNull();
    }

    @Test
    void nothingIsPlannedForTheTimeBefore() {
        wheel.add(5, "five", () -> {});
        wheel.next(5);

        assertThatThrownBy(() -> wheel.add(4, "four", () -> {}))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("four must not happen at 4 ms: it is 5 ms already");
    }
}

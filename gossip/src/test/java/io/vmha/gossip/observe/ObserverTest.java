package io.vmha.gossip.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What an observer makes of answers, of silence, and of its own pauses. */
class ObserverTest {
    private final Map<Long, String> underWay = new LinkedHashMap<>();
    private final List<String> changes = new ArrayList<>();
    private final Observer observer =
            new Observer(ObserverTiming.DEFAULT, new SplittableRandom(1), new Observer.Outbox() {
                @Override
                public void probe(long attempt, String host) {
                    underWay.put(attempt, host);
                }

                @Override
                public void abandon(long attempt) {
                    underWay.remove(attempt);
                }

                @Override
                public void changed(String host) {
                    changes.add(host);
                }
            });
    private long nowMs;
    private int asked;

    @BeforeEach
    void observeTwoHosts() {
        observer.onRing(nowMs, List.of("a", "b"));
    }

    /** Time passes; hosts that live answer at once. */
    private void pass(long ms, String... living) {
        long untilMs = nowMs + ms;
        while (true) {
            answer(List.of(living));
            if (observer.nextDeadlineMs() > untilMs) {
                break;
            }
            nowMs = Math.max(nowMs, observer.nextDeadlineMs());
            observer.onTimer(nowMs);
        }
        nowMs = untilMs;
    }

    private void answer(List<String> living) {
        for (var attempt : Map.copyOf(underWay).entrySet()) {
            if (living.contains(attempt.getValue())) {
                underWay.remove(attempt.getKey());
                asked++;
                observer.onAnswer(nowMs, attempt.getKey(), "refused");
            }
        }
    }

    private Sighting sighting(String host) {
        return observer.sighting(nowMs, host);
    }

    @Test
    void everyHostOfTheRingIsAskedOnceAPeriod() {
        pass(10_000, "a", "b");

        assertThat(asked).isBetween(18, 22);
        assertThat(changes).isEmpty();
        assertThat(sighting("a").isSilent()).isFalse();
        assertThat(sighting("a").answeredMs()).isBetween(0L, 1_000L);
    }

    @Test
    void silenceIsToldOnceAndLookedAtClosely() {
        pass(5_000, "a", "b");
        pass(3_000, "a");

        assertThat(changes).containsExactly("b");
        assertThat(sighting("b").unanswered()).isGreaterThan(6);
        assertThat(sighting("b").silentMs()).isBetween(2_000L, 3_000L);
        assertThat(sighting("b").doubt()).isGreaterThan(20);
        assertThat(sighting("a").isSilent()).isFalse();
    }

    @Test
    void oneAnswerEndsTheSilence() {
        pass(5_000, "a", "b");
        pass(2_000, "a");
        pass(1_000, "a", "b");

        assertThat(changes).containsExactly("b", "b");
        assertThat(sighting("b").isSilent()).isFalse();
        assertThat(sighting("b").silentMs()).isZero();
    }

    @Test
    void hostThatIsAskedForIsLookedAtThoughNobodyObservesIt() {
        pass(2_000, "a", "b");
        observer.onAsked(nowMs, List.of("c"));
        assertThat(underWay.values().stream().filter("c"::equals)).hasSize(3);

        pass(600, "a", "b");
        assertThat(sighting("c").unanswered()).isGreaterThanOrEqualTo(3);

        pass(60_000, "a", "b");
        assertThat(observer.sightings(nowMs)).doesNotContainKey("c");
        assertThat(changes).isEmpty();
    }

    @Test
    void observerThatStoodStillProvesNothing() {
        pass(5_000, "a", "b");
        long begun = observer.nextDeadlineMs();
        nowMs = begun;
        observer.onTimer(nowMs); // asks
        nowMs = begun + 9_000; // and is not run for nine seconds
        observer.onTimer(nowMs);

        assertThat(sighting("a").isSilent()).isFalse();
        assertThat(sighting("b").isSilent()).isFalse();
        assertThat(changes).isEmpty();
    }

    @Test
    void hostThatCannotBeAskedFromHereIsNotAccused() {
        for (int i = 0; i < 20; i++) {
            nowMs = Math.max(nowMs, observer.nextDeadlineMs());
            observer.onTimer(nowMs);
            Map.copyOf(underWay).keySet().forEach(attempt -> {
                underWay.remove(attempt);
                observer.onUnable(attempt);
            });
        }

        assertThat(sighting("a").isSilent()).isFalse();
        assertThat(changes).isEmpty();
    }

    @Test
    void doubtGrowsSlowlyOnABadNetwork() {
        pass(5_000, "a", "b");
        double quiet = doubtOfFour();
        for (int i = 0; i < 60; i++) {
            pass(1_300, "a"); // b misses some and answers again
            pass(700, "a", "b");
        }

        assertThat(observer.lossShare()).isGreaterThan(0.2);
        assertThat(doubtOfFour()).isLessThan(quiet / 2);
    }

    private double doubtOfFour() {
        return -4 * Math.log(observer.lossShare());
    }

    @Test
    void aHostThatStaysSilentIsAskedLessAndLess() {
        pass(5_000, "a", "b");
        pass(20_000, "a");
        int before = sighting("b").unanswered();
        pass(10_000, "a");

        assertThat(sighting("b").unanswered() - before).isBetween(8, 12);
    }
}

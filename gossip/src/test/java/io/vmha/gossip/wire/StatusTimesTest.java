package io.vmha.gossip.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StatusTimesTest {
    @Test
    void keepsTheOrderAndGrowsAboveWhatWasExpected() {
        var times =
                new StatusTimes.Builder(1).add("c", 3).add("a", 1).add("b", 2).build();

        List<String> seen = new ArrayList<>();
        times.forEach((name, time) -> seen.add(name + "=" + time));
        assertThat(seen).containsExactly("c=3", "a=1", "b=2");
        assertThat(times.size()).isEqualTo(3);
        assertThat(times).hasToString("{c=3, a=1, b=2}");
    }

    @Test
    void ofEqualNamesTheLastCountsWhenLookedUp() {
        var times = new StatusTimes.Builder(2).add("a", 1).add("a", 7).build();

        assertThat(times.asMap()).containsOnlyKeys("a").containsEntry("a", 7L);
    }
}

package io.vmha.gossip.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Who observes whom. */
class ObserverRingTest {
    private static List<String> hosts(int count) {
        var names = new ArrayList<String>();
        for (int i = 1; i <= count; i++) {
            names.add("hv-" + i);
        }
        return names;
    }

    @Test
    void everyHostHasThreeObserversAndNeverItself() {
        for (int count : new int[] {4, 5, 20, 1_000}) {
            var ring = ObserverRing.of(hosts(count));
            for (String host : hosts(count)) {
                assertThat(ring.observersOf(host))
                        .as(host)
                        .hasSize(3)
                        .doesNotHaveDuplicates()
                        .doesNotContain(host);
                assertThat(ring.observersOf(host))
                        .allSatisfy(
                                observer -> assertThat(ring.targetsOf(observer)).contains(host));
            }
        }
    }

    @Test
    void inASmallPoolEverybodyObservesEverybody() {
        var ring = ObserverRing.of(hosts(3));

        assertThat(ring.targetsOf("hv-1")).containsExactlyInAnyOrder("hv-2", "hv-3");
        assertThat(ObserverRing.of(hosts(1)).targetsOf("hv-1")).isEmpty();
        assertThat(ring.targetsOf("stranger")).isEmpty();
    }

    @Test
    void nobodyHasMuchMoreToObserveThanOthers() {
        var ring = ObserverRing.of(hosts(200));

        assertThat(hosts(200))
                .allSatisfy(host -> assertThat(ring.targetsOf(host)).hasSizeBetween(2, 5));
    }

    @Test
    void orderOfTheNamesDoesNotMatter() {
        List<String> backwards = new ArrayList<>(hosts(50));
        Collections.reverse(backwards);

        assertThat(hosts(50))
                .allSatisfy(host -> assertThat(ObserverRing.of(backwards).targetsOf(host))
                        .isEqualTo(ObserverRing.of(hosts(50)).targetsOf(host)));
    }

    @Test
    void aRackThatDiesTakesFewHostsObserversAllWithIt() {
        var ring = ObserverRing.of(hosts(1_000));
        var rack = new TreeSet<>(hosts(1_000).subList(400, 650));

        long unobserved = rack.stream()
                .filter(host -> rack.containsAll(ring.observersOf(host)))
                .count();

        // independent observers: 250 * 0.25^3, which is four
        assertThat(unobserved).isLessThan(15);
    }
}

package io.vmha.testcluster.faults.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.testcluster.faults.nemesis.Family;
import io.vmha.testcluster.faults.nemesis.Nemeses;
import io.vmha.testcluster.faults.nemesis.Nemesis;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Which faults may meet, for all pairs of those that there are. */
class CompanyTest {
    private static final List<Nemesis> ALL = Nemeses.all();

    @Test
    void whetherTwoGoTogetherDoesNotDependOnWhichIsFirst() {
        assertThat(ALL)
                .allSatisfy(one -> assertThat(ALL)
                        .allSatisfy(other ->
                                assertThat(Company.goesWith(one, other)).isEqualTo(Company.goesWith(other, one))));
    }

    @Test
    void noTwoThatMayCostAHostAndNoTwoOnTheClusterNetworkMeet() {
        for (Nemesis one : ALL) {
            for (Nemesis other : ALL) {
                boolean bothCostly = List.of(Family.POWER, Family.PARTITION, Family.BMC, Family.PLAN)
                        .containsAll(List.of(one.family(), other.family()));
                boolean bothOnTheNetwork = List.of(Family.PARTITION, Family.QUALITY, Family.CUT)
                        .containsAll(List.of(one.family(), other.family()));
                if (bothCostly || bothOnTheNetwork) {
                    assertThat(Company.goesWith(one, other))
                            .as(one.name() + " and " + other.name())
                            .isFalse();
                }
            }
        }
    }

    @Test
    void whatConcernsEverybodyIsMetAloneAndTheRestIsNot() {
        assertThat(ALL.stream().filter(Company::isAlone))
                .extracting(Nemesis::name)
                .contains("switch-reboot", "power-off-all", "restart-all-daemons", "rack-loss", "target-dies");
        assertThat(ALL.stream().filter(nemesis -> !Company.isAlone(nemesis)))
                .allSatisfy(nemesis -> assertThat(ALL).anyMatch(other -> Company.goesWith(nemesis, other)));
    }

    @Test
    void aDeckMeetsEveryNemesisBeforeAnyComesAgainAndOnlyThoseThatGoTogetherInOneRound() {
        var deck = new Deck(ALL, new Random(5), 3);
        var met = new java.util.ArrayList<Nemesis>();

        while (met.size() < ALL.size()) {
            List<Nemesis> round = deck.next();
            for (Nemesis one : round) {
                assertThat(round.stream().filter(other -> !other.equals(one)))
                        .allMatch(other -> Company.goesWith(one, other));
            }
            met.addAll(round);
        }

        assertThat(met).containsExactlyInAnyOrderElementsOf(ALL);
    }
}

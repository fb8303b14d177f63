package io.vmha.node.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.recovery.core.AzCommand;
import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.Electorate;
import io.vmha.recovery.core.Entry;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.IncidentCommand;
import io.vmha.recovery.core.Limits;
import io.vmha.recovery.core.Proofs;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.Witness;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Which feature level a group may be raised to, by what its members have said. */
class AgreedLevelTest {
    private static final int NEWEST = 3;

    /** Three hosts; who votes, and who is on the way out of the vote. */
    private static RecoveryState group(List<String> voters, List<String> outgoing) {
        var settings = new AzSettings("az1", 1, "g", true, true, true, Limits.DEFAULT, Proofs.BMC);
        List<HostName> hosts = List.of(new HostName("hv-1"), new HostName("hv-2"), new HostName("hv-3"));
        return RecoveryState.empty()
                .configured(new Entry(5, 1), new Electorate(new TreeSet<>(voters), new TreeSet<>(outgoing), 1))
                .apply(new Entry(5, 2), new AzCommand.EnableAz(1, settings, hosts))
                .state();
    }

    private static RecoveryState group() {
        return group(List.of("hv-1@0000000000000001", "hv-2@0000000000000002"), List.of());
    }

    private static SortedMap<HostName, Integer> said(Map<String, Integer> levels) {
        var said = new TreeMap<HostName, Integer>();
        levels.forEach((host, level) -> said.put(new HostName(host), level));
        return said;
    }

    @Test
    void itIsTheHighestThatAllUnderstand() {
        assertThat(LevelKeeper.agreed(group(), said(Map.of("hv-1", 3, "hv-2", 2, "hv-3", 3)), NEWEST))
                .hasValue(2);
        assertThat(LevelKeeper.agreed(group(), said(Map.of("hv-1", 3, "hv-2", 3, "hv-3", 3)), NEWEST))
                .hasValue(3);
    }

    @Test
    void whoUnderstandsMoreThanThisBuildDoesNotRaiseItAboveThat() {
        assertThat(LevelKeeper.agreed(group(), said(Map.of("hv-1", 9, "hv-2", 9, "hv-3", 9)), NEWEST))
                .hasValue(NEWEST);
    }

    @Test
    void aHostThatIsSilentHoldsIt() {
        assertThat(LevelKeeper.agreed(group(), said(Map.of("hv-1", 3, "hv-2", 3)), NEWEST))
                .isEmpty();
    }

    @Test
    void aVoterThatIsNoHostOfTheZoneHoldsItUntilItSpeaks() {
        RecoveryState state = group(List.of("hv-1@0000000000000001", "hv-9@0000000000000009"), List.of());

        assertThat(LevelKeeper.agreed(state, said(Map.of("hv-1", 3, "hv-2", 3, "hv-3", 3)), NEWEST))
                .isEmpty();
        assertThat(LevelKeeper.agreed(state, said(Map.of("hv-1", 3, "hv-2", 3, "hv-3", 3, "hv-9", 3)), NEWEST))
                .hasValue(3);
    }

    @Test
    void itIsNotRaisedWhileTheVotersChange() {
        RecoveryState joint = group(List.of("hv-1@0000000000000001"), List.of("hv-2@0000000000000002"));

        assertThat(LevelKeeper.agreed(joint, said(Map.of("hv-1", 3, "hv-2", 3, "hv-3", 3)), NEWEST))
                .isEmpty();
    }

    @Test
    void anOpenIncidentHoldsItAndIsNamed() {
        RecoveryState calm = group();
        var words = new TreeMap<>(Map.of(new HostName("hv-3"), List.of(new Witness("leader", "silent"))));
        RecoveryState open = calm.apply(new Entry(5, 3), new IncidentCommand.DeclareIncident(2, 5, words))
                .state();

        assertThat(LevelKeeper.holding(calm)).isEmpty();
        assertThat(LevelKeeper.holding(open)).containsExactly(1L);
    }
}

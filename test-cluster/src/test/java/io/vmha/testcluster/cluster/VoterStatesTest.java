package io.vmha.testcluster.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** When the voters of a group hold the same. */
class VoterStatesTest {
    private static VoterStates states(String... voters) throws IOException {
        return VoterStates.of(new ObjectMapper().readTree("{\"voters\":[" + String.join(",", voters) + "]}"));
    }

    private static String voter(long index, String digest) {
        return "{\"applied_index\":" + index + ",\"state_sha256\":\"" + digest + "\"}";
    }

    @Test
    void aMajorityAtOneIndexWithOneStateIsEqual() throws IOException {
        assertThat(states(voter(7, "a"), voter(7, "a"), "{}").areEqual()).isTrue();
        assertThat(states(voter(7, "a"), "{}", "{}").areEqual()).isFalse();
        assertThat(states().areEqual()).isFalse();
    }

    @Test
    void anotherIndexIsNeitherEqualNorDifferent() throws IOException {
        VoterStates apart = states(voter(7, "a"), voter(7, "a"), voter(8, "b"));

        assertThat(apart.areEqual()).isFalse();
        assertThat(apart.differ()).isFalse();
    }

    @Test
    void twoStatesAtOneIndexDifferWhateverElseIsSeen() throws IOException {
        VoterStates wrong = states(voter(7, "a"), voter(7, "b"), voter(8, "c"));

        assertThat(wrong.differ()).isTrue();
        assertThat(wrong.areEqual()).isFalse();
        assertThat(states(voter(7, "a"), voter(7, "b")).areEqual()).isFalse();
    }
}

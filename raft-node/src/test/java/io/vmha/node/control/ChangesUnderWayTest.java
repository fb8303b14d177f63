package io.vmha.node.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.node.kv.KvLimits;
import org.junit.jupiter.api.Test;

class ChangesUnderWayTest {
    private static final int LARGE = KvLimits.VALUE_BYTES_MAX;

    @Test
    void largeChangesWaitForThoseThatAreUnderWayAndSmallOnesDoNot() {
        var underWay = new ChangesUnderWay();
        int room = (int) (ChangesUnderWay.BYTES_MAX / LARGE);
        for (int i = 0; i < room; i++) {
            assertThat(underWay.begin(LARGE)).as("number %d", i).isTrue();
        }

        assertThat(underWay.begin(LARGE)).as("one too many").isFalse();
        assertThat(underWay.begin(ChangesUnderWay.SMALL_BYTES + 1)).isFalse();
        assertThat(underWay.begin(ChangesUnderWay.SMALL_BYTES))
                .as("a small one")
                .isTrue();

        underWay.end(ChangesUnderWay.SMALL_BYTES);
        underWay.end(LARGE);
        assertThat(underWay.begin(LARGE)).as("when one is done").isTrue();
        assertThat(underWay.begin(LARGE)).isFalse();
    }
}

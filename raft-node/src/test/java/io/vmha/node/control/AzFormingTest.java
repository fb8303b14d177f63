package io.vmha.node.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.recovery.core.Aggregate;
import io.vmha.recovery.core.HostName;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AzFormingTest {
    private static Aggregate ofHosts(int count) {
        return new Aggregate(
                1,
                "rack-row",
                Optional.of("az1"),
                IntStream.rangeClosed(1, count)
                        .mapToObj(i -> new HostName("hv-" + i))
                        .toList(),
                Map.of());
    }

    @Test
    void anAggregateOfMoreHostsThanOneGroupProtectsIsRefusedWithBothNumbers() {
        assertThat(AzForming.tooMany(ofHosts(AzForming.HOSTS_MAX))).isEmpty();
        assertThat(AzForming.tooMany(ofHosts(AzForming.HOSTS_MAX + 1))).hasValueSatisfying(answer -> {
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.message()).contains("1001 hosts", "up to 1000", "divide it");
        });
    }
}

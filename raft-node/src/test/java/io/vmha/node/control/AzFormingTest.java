package io.vmha.node.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.recovery.core.Aggregate;
import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Limits;
import io.vmha.recovery.core.Proofs;
import java.util.List;
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

    private static AzSettings az(String name, boolean enabled, boolean armed) {
        return new AzSettings(name, 1, "g", enabled, armed, true, Limits.DEFAULT, Proofs.BMC);
    }

    @Test
    void aProtectedAzWithADeadHostIsSaidToBeProtected() {
        HostName dead = new HostName("hv-1");

        assertThat(AzForming.withoutAgent("az1", dead, Optional.of(az("az1", true, true)))
                        .message())
                .startsWith("az1 is already protected; nothing was changed")
                .doesNotContain("aggregate", "disarmed");
        assertThat(AzForming.withoutAgent("az1", dead, Optional.of(az("az1", true, false)))
                        .message())
                .startsWith("az1 is already protected, but disarmed: vmha az arm az1");
        for (var notYet : List.of(
                Optional.<AzSettings>empty(),
                Optional.of(az("az1", false, true)),
                Optional.of(az("az2", true, true)))) {
            assertThat(AzForming.withoutAgent("az1", dead, notYet).message())
                    .startsWith("host hv-1 has no living vmhad in the pool");
        }
    }
}

package io.vmha.recovery.membership;

import static org.assertj.core.api.Assertions.assertThat;

import io.vmha.recovery.core.Aggregate;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.membership.AvailabilityZones.Found;
import io.vmha.recovery.membership.AvailabilityZones.NoSuchZone;
import io.vmha.recovery.membership.AvailabilityZones.Refused;
import io.vmha.recovery.membership.AvailabilityZones.SeveralAggregates;
import io.vmha.recovery.membership.AvailabilityZones.TooFewHosts;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class AvailabilityZonesTest {
    private final Aggregate az1 = aggregate(1, "one", Optional.of("az1"), "hv1", "hv2", "hv3");
    private final Aggregate small = aggregate(2, "small", Optional.of("az2"), "hv4", "hv5");
    private final Aggregate fast = aggregate(3, "fast", Optional.empty(), "hv1");

    private static Aggregate aggregate(long id, String name, Optional<String> zone, String... hosts) {
        return new Aggregate(id, name, zone, Stream.of(hosts).map(HostName::new).toList(), Map.of());
    }

    @Test
    void theOneAggregateOfAZoneIsFound() {
        assertThat(AvailabilityZones.find(List.of(az1, small, fast), "az1")).isEqualTo(new Found(az1));
    }

    @Test
    void aZoneThatDoesNotExistIsRefusedWithThoseThatDo() {
        var lookup = AvailabilityZones.find(List.of(small, az1, fast), "AZ1");

        assertThat(lookup).isEqualTo(new NoSuchZone("AZ1", List.of("az1", "az2")));
        assertThat(((Refused) lookup).sentence()).isEqualTo("there is no availability zone 'AZ1'; Nova has az1, az2");
    }

    @Test
    void aCloudWithoutZonesSaysSo() {
        var lookup = AvailabilityZones.find(List.of(fast), "nova");

        assertThat(((Refused) lookup).sentence()).contains("none");
    }

    @Test
    void aZoneOfTwoAggregatesIsRefusedWithTheirNames() {
        var second = aggregate(7, "two", Optional.of("az1"), "hv6");

        var lookup = AvailabilityZones.find(List.of(az1, second), "az1");

        assertThat(lookup).isEqualTo(new SeveralAggregates("az1", List.of(az1, second)));
        assertThat(((Refused) lookup).sentence()).contains("'one' (id 1), 'two' (id 7)");
    }

    @Test
    void aZoneOfTwoHostsIsRefusedWithTheHosts() {
        var lookup = AvailabilityZones.find(List.of(az1, small), "az2");

        assertThat(lookup).isEqualTo(new TooFewHosts("az2", small));
        assertThat(((Refused) lookup).sentence()).contains("2 hosts (hv4, hv5)").contains("at least 3");
    }
}

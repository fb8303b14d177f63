package io.vmha.recovery.openstack;

import static io.vmha.recovery.openstack.RecordedCloud.NOVA;
import static io.vmha.recovery.openstack.RecordedCloud.recorded;
import static io.vmha.recovery.openstack.RecordedCloud.reset;
import static io.vmha.recovery.openstack.RecordedCloud.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.vmha.recovery.core.ComputeException;
import io.vmha.recovery.core.ComputeException.Kind;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.ServerId;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class NovaWritesTest {
    private static final HostName HV1 = new HostName("hv1");
    private static final ServerId SERVER = new ServerId("450861e9-25eb-4b00-8eb2-ac5619e1ac9f");
    private static final String SERVICES = "GET " + NOVA + "/os-services";
    private static final String SERVICE = "PUT " + NOVA + "/os-services/a215c7af-bd89-4825-8eaa-5e6175ae974c";
    private static final String EVACUATE = "POST " + NOVA + "/servers/" + SERVER + "/action";

    private final RecordedCloud cloud = new RecordedCloud();
    private final NovaCompute compute = cloud.compute();

    NovaWritesTest() {
        cloud.on(EVACUATE, recorded("evacuate_2.68"));
    }

    @AfterEach
    void close() {
        compute.close();
        cloud.close();
    }

    @Test
    void aHostIsForcedDownAndDisabledByOneRequestWithTheUuidOfItsService() {
        cloud.on(SERVICES, recorded("services_list_2.53"));
        cloud.on(SERVICE, recorded("disable_2.53"));

        var record = compute.holdDown(HV1, "vmha: incident 7");

        assertThat(record.forcedDown()).isTrue();
        assertThat(cloud.asked("PUT")).hasSize(1);
        var put = cloud.asked("PUT").get(0);
        assertThat(put.body())
                .contains("\"forced_down\":true")
                .contains("\"status\":\"disabled\"")
                .contains("\"disabled_reason\":\"vmha: incident 7\"");
        assertThat(put.microversion()).isEqualTo("compute 2.53");
    }

    @Test
    void aHostThatIsForcedDownAndDisabledIsLeftAlone() {
        cloud.on(SERVICES, recorded("services_list_forced_down_2.53"));

        compute.holdDown(HV1, "vmha: incident 7");

        assertThat(cloud.asked("PUT")).isEmpty();
    }

    @Test
    void aLostAnswerToForceDownIsSettledByReadingAgain() {
        cloud.on(SERVICES, recorded("services_list_2.53"), recorded("services_list_forced_down_2.53"));
        cloud.on(SERVICE, reset());

        compute.holdDown(HV1, "vmha: incident 7");

        assertThat(cloud.asked("PUT")).hasSize(1);
    }

    @Test
    void anAnswerThatDoesNotShowTheEffectIsNotASuccess() {
        cloud.on(SERVICES, recorded("services_list_2.53"));
        cloud.on(SERVICE, text(200, recordedService().replace("\"forced_down\":true", "\"forced_down\":false")));

        var failure = failure(() -> compute.holdDown(HV1, "vmha: incident 7"));

        assertThat(failure.kind()).isEqualTo(Kind.UNKNOWN);
        assertThat(failure).hasMessageContaining("not forced down and disabled");
    }

    private static String recordedService() {
        return RecordedCloud.fixture("force_down_2.53", 0).path("body").toString();
    }

    @Test
    void aHostThatNovaDoesNotKnowIsNamedWithThoseItKnows() {
        cloud.on(SERVICES, recorded("services_list_2.53"));

        var failure = failure(() -> compute.holdDown(new HostName("hv1.example.org"), "vmha: incident 7"));

        assertThat(failure.kind()).isEqualTo(Kind.REFUSED);
        assertThat(failure).hasMessageContaining("'hv1.example.org'").hasMessageContaining("hv1, hv2, hv3");
    }

    @Test
    void aHostThatSomebodyElseHasDisabledIsForcedDownAndKeepsTheirReason() {
        var theirs = RecordedCloud.fixture("disable_2.53", 0)
                .path("body")
                .path("service")
                .toString();
        cloud.on(
                SERVICES,
                text(200, "{\"services\":[" + theirs.replace("\"forced_down\":true", "\"forced_down\":false") + "]}"));
        cloud.on(SERVICE, recorded("disable_2.53"));

        var record = compute.holdDown(HV1, "vmha: incident 7");

        assertThat(cloud.asked("PUT").get(0).body()).isEqualTo("{\"forced_down\":true}");
        assertThat(record.disabledReason()).contains("vmha");
    }

    @Test
    void nothingThatChangesAnythingLeavesOnceTheLeadershipHasEndedNotEvenARepetition() {
        cloud.on(SERVICES, recorded("services_list_2.53"));
        cloud.on(SERVICE, reset());
        var asked = new AtomicInteger();
        var bound = compute.onlyWhile(() -> asked.incrementAndGet() == 1);

        var failure = failure(() -> bound.holdDown(HV1, "vmha: incident 7"));

        assertThat(failure.kind()).isEqualTo(Kind.NOT_SENT);
        assertThat(failure).hasMessageContaining("was not sent: the leadership");
        assertThat(cloud.asked("PUT"))
                .as("the first one left, its repetition did not")
                .hasSize(1);
        assertThat(failure(() -> bound.evacuate(SERVER)).kind()).isEqualTo(Kind.NOT_SENT);
        assertThat(failure(() -> bound.operations().migrateLive(SERVER)).kind()).isEqualTo(Kind.NOT_SENT);
        assertThat(cloud.asked("POST").stream().filter(r -> r.target().endsWith("/action")))
                .isEmpty();
        assertThat(bound.computeServices()).as("reading is free").isNotEmpty();
    }

    @Test
    void evacuateIsAskedOnceAtAMicroversionThatKeepsThePowerState() {
        compute.evacuate(SERVER);

        assertThat(cloud.asked("POST")).hasSize(1);
        assertThat(cloud.asked("POST").get(0).body()).isEqualTo("{\"evacuate\":{}}");
        assertThat(cloud.asked("POST").get(0).microversion()).isEqualTo("compute 2.68");
    }

    @Test
    void evacuateNamesAHostWhereTheSchedulerChecksIt() {
        compute.evacuate(SERVER, Optional.of(HV1));
        assertThat(cloud.asked("POST").get(0).body()).isEqualTo("{\"evacuate\":{\"host\":\"" + HV1 + "\"}}");

        cloud.on("GET " + NOVA + "/", versions("2.1", "2.28"));
        try (var older = cloud.compute()) {
            older.evacuate(SERVER, Optional.of(HV1));
        }
        assertThat(cloud.asked("POST").get(1).body()).isEqualTo("{\"evacuate\":{}}");
        assertThat(cloud.asked("POST").get(1).microversion()).isEqualTo("compute 2.28");
    }

    @Test
    void evacuateIsNeverRepeatedWhenItsOutcomeIsUnknown() {
        cloud.on(EVACUATE, reset());
        assertThat(failure(() -> compute.evacuate(SERVER)).kind()).isEqualTo(Kind.UNKNOWN);
        assertThat(cloud.asked("POST")).hasSize(1);

        cloud.on(EVACUATE, text(502, "bad gateway"));
        assertThat(failure(() -> compute.evacuate(SERVER)).kind()).isEqualTo(Kind.UNKNOWN);
        assertThat(cloud.asked("POST")).hasSize(2);
    }

    @Test
    void novasRefusalIsPassedOnInItsOwnWords() {
        cloud.on(EVACUATE, recorded("evacuate_while_host_up_400"));
        var up = failure(() -> compute.evacuate(SERVER));
        assertThat(up.kind()).isEqualTo(Kind.REFUSED);
        assertThat(up).hasMessageContaining("Compute service of hv1 is still in use.");

        cloud.on(EVACUATE, recorded("evacuate_paused_409"));
        assertThat(failure(() -> compute.evacuate(SERVER)).status()).isEqualTo(409);
    }

    @Test
    void evacuateTakesTheNearestMicroversionThatNovaHasAndNoneThatStopsTheServer() {
        cloud.on("GET " + NOVA + "/", versions("2.1", "2.60"));
        compute.evacuate(SERVER);
        assertThat(cloud.asked("POST").get(0).microversion()).isEqualTo("compute 2.60");

        cloud.on("GET " + NOVA + "/", versions("2.95", "2.110"));
        try (var other = cloud.compute()) {
            var failure = failure(() -> other.evacuate(SERVER));
            assertThat(failure.kind()).isEqualTo(Kind.REFUSED);
            assertThat(failure).hasMessageContaining("2.95 to 2.110").hasMessageContaining("leave the server stopped");
        }
        assertThat(cloud.asked("POST")).hasSize(1);
    }

    @Test
    void aNovaThatIsTooOldIsToldWithWhatIsNeeded() {
        cloud.on("GET " + NOVA + "/", versions("2.1", "2.38"));

        assertThat(failure(compute::computeServices))
                .hasMessageContaining("2.1 to 2.38")
                .hasMessageContaining("2.53 is needed");
    }

    private static RecordedCloud.Reply versions(String min, String max) {
        return text(200, "{\"version\":{\"id\":\"v2.1\",\"version\":\"" + max + "\",\"min_version\":\"" + min + "\"}}");
    }

    @Test
    void aggregateMetadataIsWrittenOnlyIfItDiffers() {
        cloud.on("GET " + NOVA + "/os-aggregates", recorded("aggregates_list_2.41"));
        cloud.on("POST " + NOVA + "/os-aggregates/1/action", recorded("aggregate_set_metadata"));

        compute.setAggregateMetadata(1, "availability_zone", Optional.of("az1"));
        compute.setAggregateMetadata(1, "unset", Optional.empty());
        assertThat(cloud.asked("POST")).isEmpty();

        compute.setAggregateMetadata(1, "vmha", Optional.of("true"));
        assertThat(cloud.asked("POST").get(0).body())
                .isEqualTo("{\"set_metadata\":{\"metadata\":{\"vmha\":\"true\"}}}");
    }

    private static ComputeException failure(ThrowingCallable call) {
        var failure = catchThrowableOfType(ComputeException.class, call);
        assertThat(failure).as("an exception was expected").isNotNull();
        return failure;
    }
}

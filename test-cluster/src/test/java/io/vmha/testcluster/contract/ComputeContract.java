package io.vmha.testcluster.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.vmha.recovery.config.Secret;
import io.vmha.recovery.core.Aggregate;
import io.vmha.recovery.core.ComputeException;
import io.vmha.recovery.core.ComputeException.Kind;
import io.vmha.recovery.core.ComputeService;
import io.vmha.recovery.core.Handling;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Migration;
import io.vmha.recovery.core.Rest;
import io.vmha.recovery.core.Server;
import io.vmha.recovery.core.ServerId;
import io.vmha.recovery.membership.AvailabilityZones;
import io.vmha.recovery.openstack.NovaCompute;
import io.vmha.recovery.openstack.OpenStackConfig;
import io.vmha.recovery.openstack.OpenStackConfig.Login;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/** What recovery expects of Nova, whether simulated or real. The last test kills a host and does not bring it back. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
abstract class ComputeContract {
    private static final ServerId NO_SERVER = new ServerId("00000000-0000-0000-0000-00000000dead");
    private static final Duration EVACUATED_WITHIN = Duration.ofMinutes(2);

    private CloudUnderTest cloud;
    private NovaCompute compute;

    abstract CloudUnderTest cloud();

    @BeforeAll
    void connect() {
        cloud = cloud();
        compute = new NovaCompute(cloud.config());
    }

    @AfterAll
    void disconnect() {
        if (compute != null) {
            compute.close();
            cloud.close();
        }
    }

    private Aggregate aggregate() {
        var lookup = AvailabilityZones.find(compute.aggregates(), cloud.zone());
        assertThat(lookup).isInstanceOf(AvailabilityZones.Found.class);
        return ((AvailabilityZones.Found) lookup).aggregate();
    }

    /** Of an aggregate, be it too small for a zone that is protected. */
    private List<HostName> members(long aggregateId) {
        return compute.aggregates().stream()
                .filter(a -> a.id() == aggregateId)
                .findFirst()
                .orElseThrow()
                .hosts();
    }

    private HostName victim() {
        return aggregate().hosts().get(0);
    }

    private ComputeService service(HostName host) {
        return compute.computeServices().stream()
                .filter(service -> service.host().equals(host))
                .findFirst()
                .orElseThrow();
    }

    @Test
    @Order(1)
    void theZoneIsOneAggregateWhoseHostsAreComputeServicesThatAreUp() {
        for (HostName host : aggregate().hosts()) {
            var service = service(host);
            assertThat(service.up()).isTrue();
            assertThat(service.enabled()).isTrue();
            assertThat(service.forcedDown()).isFalse();
            assertThat(service.id()).as("a UUID").hasSize(36);
        }
    }

    @Test
    @Order(2)
    void theListOfAHostsServersAndEachServerAloneSayTheSame() {
        var servers = compute.serversOn(victim());

        assertThat(servers).isNotEmpty();
        for (Server server : servers) {
            assertThat(server.host()).isEqualTo(victim());
            assertThat(compute.server(server.id())).contains(server);
        }
    }

    @Test
    @Order(3)
    void anUnknownServerIsEmptyAndAnUnknownHostHasNoServers() {
        assertThat(compute.server(NO_SERVER)).isEmpty();
        assertThat(compute.serversOn(new HostName("no-such-host"))).isEmpty();
        assertThat(compute.evacuationsFrom(new HostName("no-such-host"))).isEmpty();
        assertThat(failure(() -> compute.evacuate(NO_SERVER)).status()).isEqualTo(404);
        assertThat(failure(() -> compute.holdDown(new HostName("no-such-host"), "contract"))
                        .kind())
                .isEqualTo(Kind.REFUSED);
    }

    @Test
    @Order(4)
    void aggregateMetadataIsSetAndRemoved() {
        long id = aggregate().id();

        compute.setAggregateMetadata(id, "vmha_contract", Optional.of("1"));
        compute.setAggregateMetadata(id, "vmha_contract", Optional.of("1"));
        assertThat(aggregate().metadata()).containsEntry("vmha_contract", "1");

        compute.setAggregateMetadata(id, "vmha_contract", Optional.empty());
        assertThat(aggregate().metadata()).doesNotContainKey("vmha_contract");
    }

    @Test
    @Order(5)
    void aWrongPasswordIsUnauthorized() {
        var right = cloud.config();
        var login = new Login(
                right.login().user(), new Secret("wrong"), right.login().project());
        var wrong = new OpenStackConfig(
                right.authUrl(), login, right.region(), right.endpointInterface(), right.caFile(), right.limits());

        try (var refused = new NovaCompute(wrong)) {
            var failure = failure(refused::aggregates);
            assertThat(failure.kind()).isEqualTo(Kind.UNAUTHORIZED);
            assertThat(failure.status()).isEqualTo(401);
        }
    }

    @Test
    @Order(6)
    void evacuateIsRefusedWhileTheHostIsUp() {
        var server = compute.serversOn(victim()).get(0);

        var failure = failure(() -> compute.evacuate(server.id()));

        assertThat(failure.kind()).isEqualTo(Kind.REFUSED);
        assertThat(failure.status()).isEqualTo(400);
        assertThat(compute.server(server.id())).contains(server);
        assertThat(compute.evacuationsFrom(victim()))
                .allMatch(migration -> !migration.server().equals(server.id()));
    }

    @Test
    @Order(8)
    void aLockKeepsItsReasonAndOnlyThatOneIsTakenAway() {
        var id = compute.serversOn(victim()).get(0).id();
        var before = compute.server(id).orElseThrow();

        compute.lock(id, "vmha: contract");
        var locked = compute.server(id).orElseThrow();
        assertThat(locked.locked()).isTrue();
        assertThat(locked.traits().lockedReason()).contains("vmha: contract");

        compute.unlock(id, "vmha: another");
        assertThat(compute.server(id)).contains(locked);
        compute.unlock(id, "vmha: contract");
        assertThat(compute.server(id)).contains(before);
        compute.unlock(id, "vmha: contract");
        compute.unlock(NO_SERVER, "vmha: contract");
    }

    @Test
    @Order(9)
    void aServerSaysWhoseItIsAndHowLarge() {
        var traits = compute.serversOn(victim()).get(0).traits();

        assertThat(traits.project()).isNotEmpty();
        assertThat(traits.vcpus()).isPositive();
        assertThat(traits.memoryMb()).isPositive();
    }

    @Test
    @Order(9)
    void aServerThatIsRestartedIsActiveWhereItWas() {
        var before = compute.serversOn(victim()).get(0);

        compute.operations().restart(before.id());

        await(
                "it is active again and has no task",
                () -> compute.server(before.id()).orElseThrow().equals(before),
                () -> compute.server(before.id()));
        assertThat(failure(() -> compute.operations().restart(NO_SERVER)).status())
                .isEqualTo(404);
    }

    @Test
    @Order(9)
    void aHostThatLivesIsDisabledWithAReasonAndEnabledAgain() {
        compute.operations().disableLiving(victim(), "vmha: contract");
        compute.operations().disableLiving(victim(), "vmha: contract, again");

        assertThat(service(victim()).enabled()).isFalse();
        assertThat(service(victim()).up()).isTrue();
        assertThat(service(victim()).disabledReason()).contains("vmha: contract");

        compute.enable(victim());
        assertThat(service(victim()).enabled()).isTrue();
        assertThat(compute.operations().freeMemoryMb().orElseThrow()).containsKey(victim());
    }

    @Test
    @Order(10)
    void aRecordThatIsResetIsInErrorAndHasNoTask() {
        var id = compute.serversOn(victim()).get(0).id();

        compute.resetState(id);
        compute.resetState(id);

        var reset = compute.server(id).orElseThrow();
        assertThat(reset.vmState()).isEqualTo("error");
        assertThat(reset.taskState()).isEmpty();
        assertThat(failure(() -> compute.resetState(NO_SERVER)).kind()).isEqualTo(Kind.REFUSED);
    }

    @Test
    @Order(11)
    void aLivingHostIsSetAsideAndTakenAgainAndLeavesAndJoinsItsAggregate() {
        var zone = aggregate();
        HostName spare = zone.hosts().get(zone.hosts().size() - 1);

        compute.disableLiving(spare, "vmha: reserved");
        compute.disableLiving(spare, "vmha: reserved, again");
        assertThat(service(spare).enabled()).isFalse();
        assertThat(service(spare).up()).isTrue();
        assertThat(service(spare).disabledReason()).contains("vmha: reserved");
        compute.leave(zone.id(), spare);
        compute.leave(zone.id(), spare);
        assertThat(members(zone.id())).doesNotContain(spare);

        compute.join(zone.id(), spare);
        compute.join(zone.id(), spare);
        compute.enable(spare);
        assertThat(members(zone.id())).isEqualTo(zone.hosts());
        assertThat(service(spare).enabled()).isTrue();
        assertThat(failure(() -> compute.join(zone.id(), new HostName("no-such-host")))
                        .status())
                .isEqualTo(404);
        assertThat(failure(() -> compute.join(987_654, spare)).kind()).isEqualTo(Kind.REFUSED);
    }

    @Test
    @Order(12)
    void theServersOfADeadHostComeBackOnOthersAndTheirMigrationsAreDone() {
        var victim = victim();
        var servers = compute.serversOn(victim);
        cloud.powerOff(victim);

        compute.holdDown(victim, "vmha: contract");
        compute.holdDown(victim, "vmha: contract, again");

        var down = service(victim);
        assertThat(down.forcedDown()).isTrue();
        assertThat(down.up()).isFalse();
        assertThat(down.enabled()).isFalse();
        assertThat(down.disabledReason()).contains("vmha: contract");
        assertThat(aggregate().hosts()).as("a disabled host stays a member").contains(victim);

        // the first goes where it is told, the others where the scheduler likes
        var wanted = aggregate().hosts().stream()
                .filter(host -> !host.equals(victim) && service(host).up())
                .reduce((first, last) -> last)
                .orElseThrow();
        compute.evacuate(servers.get(0).id(), Optional.of(wanted));
        servers.stream().skip(1).forEach(server -> compute.evacuate(server.id()));
        for (Server server : servers) {
            assertThat(newest(victim, server.id()))
                    .as("a migration exists at once")
                    .isPresent();
            assertThat(compute.handlingOf(server.id())).isNotEqualTo(Handling.GIVEN_UP);
        }
        await(
                "all migrations final",
                () -> servers.stream()
                        .allMatch(server ->
                                newest(victim, server.id()).orElseThrow().isFinal()),
                () -> compute.evacuationsFrom(victim));

        for (Server before : servers) {
            assertThat(compute.handlingOf(before.id())).isEqualTo(Handling.IN_HAND);
            var migration = newest(victim, before.id()).orElseThrow();
            assertThat(migration.hasSucceeded()).as("%s", migration).isTrue();
            await(
                    "no task on " + before.id(),
                    () -> compute.server(before.id()).orElseThrow().taskState().isEmpty(),
                    () -> compute.server(before.id()));
            var after = compute.server(before.id()).orElseThrow();
            assertThat(after.host()).isNotEqualTo(victim);
            assertThat(migration.destination()).contains(after.host());
            assertThat(after.vmState()).isEqualTo("active");
            assertThat(compute.serversOn(after.host())).contains(after);
        }
        assertThat(compute.serversOn(victim)).isEmpty();
        assertThat(compute.server(servers.get(0).id()).orElseThrow().host()).isEqualTo(wanted);
        bringToRest(servers);
    }

    private void bringToRest(List<Server> servers) {
        var ways = List.of(Rest.PAUSED, Rest.SUSPENDED, Rest.STOPPED);
        for (int i = 0; i < Math.min(ways.size(), servers.size()); i++) {
            var id = servers.get(i).id();
            var how = ways.get(i);
            compute.rest(id, how);
            await(
                    how + " " + id,
                    () -> Optional.of(compute.server(id).orElseThrow().vmState())
                            .equals(how.vmState()),
                    () -> compute.server(id));
        }
    }

    private Optional<Migration> newest(HostName source, ServerId server) {
        var migrations = new ArrayList<Migration>(compute.evacuationsFrom(source));
        migrations.removeIf(migration -> !migration.server().equals(server));
        return migrations.isEmpty() ? Optional.empty() : Optional.of(migrations.get(migrations.size() - 1));
    }

    private static void await(String what, BooleanSupplier condition, Supplier<?> seen) {
        long endNanos = System.nanoTime() + EVACUATED_WITHIN.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - endNanos)
                    .as(() -> what + " within " + EVACUATED_WITHIN + "; seen " + List.of(seen.get()))
                    .isNegative();
            LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
        }
    }

    private static ComputeException failure(ThrowingCallable call) {
        var failure = catchThrowableOfType(ComputeException.class, call);
        assertThat(failure).as("an exception was expected").isNotNull();
        return failure;
    }
}

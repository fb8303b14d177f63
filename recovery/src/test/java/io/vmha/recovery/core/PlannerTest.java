package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.hv;
import static io.vmha.recovery.core.CommittedLog.vm;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Which VMs are evacuated, which are left and why, and in which order. */
class PlannerTest {
    private static Server server(int number, String vmState, boolean volume, Map<String, String> metadata) {
        return new Server(
                vm(number), "name-" + number, hv(1), "ACTIVE", vmState, Optional.empty(), false, volume, metadata);
    }

    private static Server active(int number) {
        return server(number, "active", true, Map.of());
    }

    private static RecoveryState az(boolean shared, EvacuationPolicy policy) {
        var log = CommittedLog.of(3, CommittedLog.ROOMY);
        var settings = new AzSettings("az1", 1, "group-1", true, true, shared, CommittedLog.ROOMY, Proofs.BMC, policy);
        return log.state().withAz(settings);
    }

    private static VmRecovery only(Server server, boolean shared) {
        return only(server, az(shared, EvacuationPolicy.DEFAULT));
    }

    private static VmRecovery only(Server server, RecoveryState state) {
        return Planner.plan(state, hv(1), List.of(server), List.of(), 0).get(0);
    }

    private static void isLeft(VmRecovery vm, String... why) {
        assertThat(vm.ending()).as("%s", vm).hasValueSatisfying(e -> {
            assertThat(e.kind()).isEqualTo(Ending.Kind.LEFT);
            assertThat(e.detail()).contains(why);
        });
    }

    @Test
    void diskThatMayBeOnTheDeadHostIsNotRebuiltFromItsImage() {
        Server onLocalDisk = server(1, "active", false, Map.of());

        VmRecovery vm = only(onLocalDisk, false);

        assertThat(vm.ending().orElseThrow().kind()).isEqualTo(Ending.Kind.LEFT);
        assertThat(vm.ending().orElseThrow().detail()).contains("lose its data");
        assertThat(only(onLocalDisk, true).hasEnded()).isFalse();
        assertThat(only(active(1), false).hasEnded()).isFalse();
    }

    @Test
    void ownerMayOptOut() {
        VmRecovery vm = only(server(1, "active", true, Map.of("HA_Enabled", "False")), true);

        assertThat(vm.ending()).hasValueSatisfying(e -> assertThat(e.detail()).contains("HA_Enabled"));
    }

    @Test
    void everyStateInWhichAHostMayLeaveAVmIsTreated() {
        for (String state : List.of("active", "stopped", "error", "resized")) {
            VmRecovery vm = only(server(1, state, true, Map.of()), true);
            assertThat(vm.hasEnded()).as(state).isFalse();
            assertThat(vm.brief().rest()).as(state).isEqualTo(Rest.AS_IT_COMES);
        }
        var rests = Map.of("paused", Rest.PAUSED, "suspended", Rest.SUSPENDED, "rescued", Rest.STOPPED);
        rests.forEach((state, rest) -> assertThat(
                        only(server(1, state, true, Map.of()), true).brief().rest())
                .as(state)
                .isEqualTo(rest));
        for (String state : List.of("building", "shelved", "shelved_offloaded", "soft-delete")) {
            assertThat(only(server(1, state, true, Map.of()), true).hasEnded())
                    .as(state)
                    .isTrue();
        }
    }

    private static Server busy(String vmState, String task, boolean volume) {
        return FakeNova.with(server(1, vmState, volume, Map.of()), hv(1), vmState, Optional.of(task));
    }

    @Test
    void taskThatTheDeadHostLeftBehindIsRememberedSoThatItCanBeCleared() {
        VmRecovery vm = only(busy("stopped", "powering-on", true), true);

        assertThat(vm.brief().staleTask()).contains("powering-on");
        assertThat(vm.brief().rest())
                .as("a record that is reset comes back running")
                .isEqualTo(Rest.STOPPED);
    }

    @Test
    void vmThatMayRunOnTheTargetOfALiveMigrationIsLeftToAPerson() {
        isLeft(only(busy("active", "migrating", true), true), "live migration", "may run");
    }

    @Test
    void diskThatIsBeingMovedByAResizeIsNotMadeAnew() {
        isLeft(only(busy("active", "resize_migrated", false), true), "resized", "another name");
        assertThat(only(busy("active", "resize_migrated", true), true).hasEnded())
                .isFalse();
        assertThat(only(busy("active", "resize_prep", false), true).hasEnded()).isFalse();
    }

    @Test
    void whatItsOwnerDeletesIsNotBroughtBack() {
        isLeft(only(busy("active", "deleting", true), true), "deleting");
    }

    @Test
    void tagsOfTheServerCountBeforeThoseOfItsImageAndItsFlavor() {
        Server plain = active(1);
        var traits = new Traits(
                "p",
                Optional.of("i"),
                new TreeMap<>(Map.of("evacuable", "true")),
                List.of(),
                new TreeMap<>(Map.of("evacuable", "false")),
                1,
                512,
                Optional.empty(),
                List.of(),
                Optional.empty());

        assertThat(only(plain.withTraits(traits), true).hasEnded()).isFalse();
        isLeft(
                only(server(1, "active", true, Map.of("evacuable", "no")).withTraits(traits), true),
                "its metadata says evacuable=no");
    }

    @Test
    void onlyTaggedVmsAreTakenWhereThePolicySaysSo() {
        var policy = new EvacuationPolicy(true, false, List.of(), List.of(), List.of(), List.of());

        isLeft(only(active(1), az(true, policy)), "only tagged");
        assertThat(only(server(1, "active", true, Map.of("HA_Enabled", "True")), az(true, policy))
                        .hasEnded())
                .isFalse();
    }

    @Test
    void projectsNamesAndImageTagsDecideAsThePolicySays() {
        var policy = new EvacuationPolicy(
                false, false, List.of("ours", "managed"), List.of("managed"), List.of("name-1*"), List.of("amphora"));
        isLeft(only(inProject(2, "theirs", List.of()), az(true, policy)), "theirs");
        isLeft(only(inProject(2, "managed", List.of()), az(true, policy)), "managed");
        isLeft(only(inProject(1, "ours", List.of()), az(true, policy)), "name-1*");
        isLeft(only(inProject(2, "ours", List.of("amphora")), az(true, policy)), "tag amphora");
        assertThat(only(inProject(2, "ours", List.of()), az(true, policy)).hasEnded())
                .isFalse();
    }

    private static Server inProject(int number, String project, List<String> imageTags) {
        return active(number)
                .withTraits(new Traits(
                        project,
                        Optional.empty(),
                        new TreeMap<>(),
                        imageTags,
                        new TreeMap<>(),
                        1,
                        512,
                        Optional.empty(),
                        List.of(),
                        Optional.empty()));
    }

    @Test
    void amphoraeAreLeftToOctavia() {
        var amphora = new Server(
                vm(1),
                "amphora-0b9f3b3e-6a3c-4a55-9a5c-0d2c5a3b0c11",
                hv(1),
                "ACTIVE",
                "active",
                Optional.empty(),
                false,
                true,
                Map.of());

        isLeft(only(amphora, true), "amphora-");
        assertThat(Selection.matches("amphora-*", "my-amphora-1")).isFalse();
    }

    @Test
    void ownerOrPolicyMayGiveUpTheDisk() {
        assertThat(only(server(1, "active", false, Map.of("vmha:disk", "rebuild")), false)
                        .hasEnded())
                .isFalse();
        var rebuild = new EvacuationPolicy(false, true, List.of(), List.of(), List.of(), List.of());
        assertThat(only(server(1, "active", false, Map.of()), az(false, rebuild))
                        .hasEnded())
                .isFalse();
    }

    @Test
    void largerVmsGoFirstAmongEqualPriorities() {
        Server large = active(2)
                .withTraits(new Traits(
                        "p",
                        Optional.empty(),
                        new TreeMap<>(),
                        List.of(),
                        new TreeMap<>(),
                        2,
                        4096,
                        Optional.empty(),
                        List.of(),
                        Optional.empty()));

        List<VmRecovery> plan =
                Planner.plan(az(true, EvacuationPolicy.DEFAULT), hv(1), List.of(active(1), large), List.of(), 0);

        assertThat(plan).extracting(VmRecovery::server).containsExactly(vm(2), vm(1));
    }

    @Test
    void higherPriorityGoesFirstThenTheNameDecides() {
        var first = server(3, "active", true, Map.of("vmha:priority", "900"));
        var last = server(1, "active", true, Map.of("vmha:priority", "1"));
        var odd = server(4, "active", true, Map.of("vmha:priority", "a lot"));

        List<VmRecovery> plan = Planner.plan(
                az(true, EvacuationPolicy.DEFAULT), hv(1), List.of(last, odd, active(2), first), List.of(), 10);

        assertThat(plan).extracting(VmRecovery::server).containsExactly(vm(3), vm(2), vm(4), vm(1));
        assertThat(plan).extracting(VmRecovery::order).containsExactly(10, 11, 12, 13);
    }

    @Test
    void serverThatNovaHasElsewhereIsNotPlanned() {
        var elsewhere = new Server(vm(1), "name-1", hv(2), "ACTIVE", "active", Optional.empty(), false, true, Map.of());

        assertThat(Planner.plan(az(true, EvacuationPolicy.DEFAULT), hv(1), List.of(elsewhere), List.of(), 0))
                .isEmpty();
    }

    @Test
    void migrationsThatAreOverAreTheFloorAndARunningOneIsNot() {
        var over = new Migration(7, vm(1), hv(1), Optional.of(hv(2)), "failed", "");
        var running = new Migration(9, vm(1), hv(1), Optional.of(hv(2)), "pre-migrating", "");
        var foreign = new Migration(12, vm(2), hv(1), Optional.of(hv(2)), "done", "");

        List<VmRecovery> plan = Planner.plan(
                az(true, EvacuationPolicy.DEFAULT), hv(1), List.of(active(1)), List.of(over, running, foreign), 0);

        assertThat(plan.get(0).migrationFloor()).isEqualTo(7);
    }
}

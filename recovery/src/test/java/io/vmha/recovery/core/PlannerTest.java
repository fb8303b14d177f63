package io.vmha.recovery.core;

import static io.vmha.recovery.core.CommittedLog.hv;
import static io.vmha.recovery.core.CommittedLog.vm;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
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

    private static VmRecovery only(Server server, boolean shared) {
        return Planner.plan(hv(1), List.of(server), List.of(), shared, 0).get(0);
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
    void onlyStatesThatNovaEvacuatesArePlanned() {
        for (String state : List.of("active", "stopped", "error")) {
            assertThat(only(server(1, state, true, Map.of()), true).hasEnded())
                    .as(state)
                    .isFalse();
        }
        for (String state : List.of("paused", "suspended", "rescued", "resized", "shelved_offloaded")) {
            assertThat(only(server(1, state, true, Map.of()), true).ending())
                    .as(state)
                    .hasValueSatisfying(e -> assertThat(e.detail()).contains(state));
        }
    }

    @Test
    void higherPriorityGoesFirstThenTheNameDecides() {
        var first = server(3, "active", true, Map.of("vmha:priority", "900"));
        var last = server(1, "active", true, Map.of("vmha:priority", "1"));
        var odd = server(4, "active", true, Map.of("vmha:priority", "a lot"));

        List<VmRecovery> plan = Planner.plan(hv(1), List.of(last, odd, active(2), first), List.of(), true, 10);

        assertThat(plan).extracting(VmRecovery::server).containsExactly(vm(3), vm(2), vm(4), vm(1));
        assertThat(plan).extracting(VmRecovery::order).containsExactly(10, 11, 12, 13);
    }

    @Test
    void serverThatNovaHasElsewhereIsNotPlanned() {
        var elsewhere = new Server(vm(1), "name-1", hv(2), "ACTIVE", "active", Optional.empty(), false, true, Map.of());

        assertThat(Planner.plan(hv(1), List.of(elsewhere), List.of(), true, 0)).isEmpty();
    }

    @Test
    void migrationsThatAreOverAreTheFloorAndARunningOneIsNot() {
        var over = new Migration(7, vm(1), hv(1), Optional.of(hv(2)), "failed", "");
        var running = new Migration(9, vm(1), hv(1), Optional.of(hv(2)), "pre-migrating", "");
        var foreign = new Migration(12, vm(2), hv(1), Optional.of(hv(2)), "done", "");

        List<VmRecovery> plan = Planner.plan(hv(1), List.of(active(1)), List.of(over, running, foreign), true, 0);

        assertThat(plan.get(0).migrationFloor()).isEqualTo(7);
    }
}

package io.vmha.testcluster.faults.nemesis;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.testcluster.faults.history.Event;
import io.vmha.testcluster.faults.history.Kinds;
import io.vmha.testcluster.faults.lab.LabHost;
import io.vmha.testcluster.faults.lab.NovaProxy.Call;
import io.vmha.testcluster.faults.lab.Shell;
import io.vmha.testcluster.faults.lab.TestBed;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** A host dies, and while it is being recovered the next blow falls: at each step that can be seen from outside. */
final class PlanFaults {
    private static final int VMS_FOR_TWO_CALLS = 2;

    private PlanFaults() {}

    static List<Nemesis> all() {
        var all = new ArrayList<Nemesis>();
        all.add(leaderAt("force-down", "at the force-down", Call::forcesDown));
        all.add(leaderAt(
                "first-call",
                "at the first evacuate call",
                call -> call.evacuates().isPresent()));
        all.add(new Nemesis(
                "leader-at-second-call",
                Family.PLAN,
                "a host with two VMs or more dies, and the leader is killed at the second evacuate call",
                20_000,
                30_000,
                PlanFaults::atSecondCall));
        all.add(leaderAt(
                "plan",
                "when it asks for the dead host's servers",
                call -> call.path().contains("/servers/detail") && call.path().contains("host=")));
        all.add(new Nemesis(
                "leader-at-fence",
                Family.PLAN,
                "a host dies, and the leader is killed while the BMC is asked",
                20_000,
                30_000,
                PlanFaults::atFence));
        all.add(new Nemesis(
                "target-dies",
                Family.PLAN,
                "a host dies, and a host on which its VMs are rebuilt dies as well",
                25_000,
                40_000,
                PlanFaults::target));
        return List.copyOf(all);
    }

    private static Nemesis leaderAt(String step, String words, Predicate<Call> moment) {
        return new Nemesis(
                "leader-at-" + step,
                Family.PLAN,
                "a host dies, and the leader is killed " + words,
                20_000,
                30_000,
                stage -> atCall(stage, notTheLeader(stage), words, moment));
    }

    /** A host with one VM leads to one call only: where there is no other, it is given a second. */
    private static Fault atSecondCall(Stage stage) {
        TestBed bed = stage.bed();
        List<LabHost> victims = notTheLeader(stage);
        for (LabHost host : victims) {
            for (int missing = VMS_FOR_TWO_CALLS - vmsOn(bed, host); missing > 0; missing--) {
                bed.admin().create("second-" + stage.fresh("vm"), host.name());
            }
            Shell.await(bed.plan().nova().serviceMs(), () -> vmsOn(bed, host) >= VMS_FOR_TWO_CALLS);
        }
        boolean enough = victims.stream().allMatch(host -> vmsOn(bed, host) >= VMS_FOR_TWO_CALLS);
        var calls = new AtomicInteger();
        return atCall(
                stage,
                victims,
                "at the second evacuate call"
                        + (enough ? "" : ", which will not come: it has one VM only, and Nova boots no more on it"),
                call -> call.evacuates().isPresent() && calls.incrementAndGet() == VMS_FOR_TWO_CALLS);
    }

    private static int vmsOn(TestBed bed, LabHost host) {
        int active = 0;
        for (JsonNode server : bed.admin().servers()) {
            active += server.path("host").asText().equals(host.name())
                            && server.path("status").asText().equals("ACTIVE")
                    ? 1
                    : 0;
        }
        return active;
    }

    /** The caller is the leader: whoever makes the call is killed before Nova gets it. */
    private static Fault atCall(Stage stage, List<LabHost> victims, String words, Predicate<Call> moment) {
        TestBed bed = stage.bed();
        var killed = new AtomicReference<LabHost>();
        Consumer<Call> watcher = call -> {
            if (!call.caller().equals("operator") && moment.test(call)) {
                LabHost caller = bed.host(call.caller());
                if (killed.compareAndSet(null, caller)) {
                    bed.killDaemon(caller);
                }
            }
        };
        bed.proxy().watch(watcher);
        victims.forEach(host -> bed.cutPower(host, "the injector"));
        return withKilled(stage, victims, killed, words, () -> bed.proxy().unwatch(watcher));
    }

    private static Fault atFence(Stage stage) {
        TestBed bed = stage.bed();
        List<LabHost> victims = notTheLeader(stage);
        var killed = new AtomicReference<LabHost>();
        LabHost victim = victims.get(0);
        int before = bed.bmcs().commands(victim.name()).size();
        // the host is cut off and not dead, so that the BMC has something to do
        bed.network().fault("isolate", io.vmha.testcluster.faults.lab.Net.CLUSTER, victim.node());
        var thread = new Thread(() -> {
            for (int i = 0; i < 300 && killed.get() == null; i++) {
                if (bed.bmcs().commands(victim.name()).size() > before) {
                    bed.leader().filter(leader -> !leader.equals(victim)).ifPresent(leader -> {
                        killed.set(leader);
                        bed.killDaemon(leader);
                    });
                }
                java.util.concurrent.locks.LockSupport.parkNanos(100_000_000L);
            }
        });
        thread.setDaemon(true);
        thread.start();
        Fault fault = withKilled(
                stage,
                List.of(),
                killed,
                "while the BMC was asked",
                () -> bed.network().heal(io.vmha.testcluster.faults.lab.Net.CLUSTER));
        return fault.cutting(victims);
    }

    private static Fault withKilled(
            Stage stage, List<LabHost> victims, AtomicReference<LabHost> killed, String words, Runnable more) {
        TestBed bed = stage.bed();
        return new Fault("a host dies; the leader is killed " + words, victims)
                .killing(victims)
                .shownBy(() -> Optional.ofNullable(killed.get())
                        .map(host -> "the daemon of " + host.name() + " was killed " + words))
                .healedBy(() -> {
                    more.run();
                    Optional.ofNullable(killed.get()).ifPresent(bed::startDaemon);
                    victims.forEach(host -> bed.restorePower(host, "the injector"));
                });
    }

    private static List<LabHost> notTheLeader(Stage stage) {
        stage.bed().leader().ifPresent(leader -> stage.take(List.of(leader)));
        return stage.hosts(1);
    }

    private static Fault target(Stage stage) {
        TestBed bed = stage.bed();
        List<LabHost> victims = notTheLeader(stage);
        var second = new AtomicReference<LabHost>();
        victims.forEach(host -> bed.cutPower(host, "the injector"));
        Consumer<Event> onCall = event -> {
            if (event.kind().equals(Kinds.NOVA)
                    && event.data().has("evacuates")
                    && event.isTrue("accepted")
                    && second.get() == null) {
                new Thread(() -> dieAsTarget(stage, event.text("evacuates"), event.text("caller"), second)).start();
            }
        };
        bed.history().listen(onCall);
        return new Fault("a host dies, then the target of its VMs", victims)
                .killing(victims)
                .shownBy(() -> Optional.ofNullable(second.get())
                        .map(host -> host.name() + " died while VMs were rebuilt on it"))
                .healedBy(() -> {
                    bed.history().forget(onCall);
                    victims.forEach(host -> bed.restorePower(host, "the injector"));
                    Optional.ofNullable(second.get()).ifPresent(host -> bed.restorePower(host, "the injector"));
                });
    }

    private static void dieAsTarget(Stage stage, String vm, String caller, AtomicReference<LabHost> second) {
        TestBed bed = stage.bed();
        long until = System.nanoTime()
                + TimeUnit.MILLISECONDS.toNanos(bed.plan().nova().rebuildSeenMs());
        while (second.get() == null && System.nanoTime() < until) {
            Optional<LabHost> target = bed.rebuildTarget(vm)
                    .map(bed::host)
                    .filter(host -> !host.name().equals(caller));
            if (target.isPresent() && second.compareAndSet(null, target.get())) {
                bed.cutPower(target.get(), "the injector");
            }
            java.util.concurrent.locks.LockSupport.parkNanos(50_000_000L);
        }
    }
}

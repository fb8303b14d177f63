package io.vmha.testcluster.faults.run;

import io.vmha.testcluster.faults.check.Finding;
import io.vmha.testcluster.faults.check.Invariant;
import io.vmha.testcluster.faults.check.Invariants;
import io.vmha.testcluster.faults.history.History;
import io.vmha.testcluster.faults.history.Kinds;
import io.vmha.testcluster.faults.lab.LabException;
import io.vmha.testcluster.faults.lab.LabHost;
import io.vmha.testcluster.faults.lab.Shell;
import io.vmha.testcluster.faults.lab.TestBed;
import io.vmha.testcluster.faults.nemesis.Nemesis;
import io.vmha.testcluster.faults.nemesis.Stage;
import io.vmha.testcluster.faults.run.Scenario.Step;
import io.vmha.testcluster.faults.workload.Workload;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.stream.Stream;

/** A run on a test bed that stands: forms the group, lets workloads go on, injects faults, heals, and judges what was recorded. */
public final class FaultRun {
    private static final long LAST_LOOK_MS = 4_000;
    private static final int STAGGER_MS = 2_500;

    private final TestBed bed;
    private final History history;
    private final RunSettings settings;
    private final Console console;
    private final Random dice;
    private final Injector injector;

    public FaultRun(TestBed bed, RunSettings settings, Console console) {
        this.bed = bed;
        this.history = bed.history();
        this.settings = settings;
        this.console = console;
        this.dice = new Random(settings.seed());
        this.injector = new Injector(bed, console);
    }

    /** Waits until the pool is whole, enables HA, and waits until everything is in service. */
    public void form() {
        long formingMs = bed.plan().nova().formingMs();
        int hosts = bed.hosts().size();
        awaitFormed(
                "every vmhad sees " + hosts + " members",
                () -> bed.hosts().stream().allMatch(h -> bed.aliveInPool(h) == hosts));
        long asked = history.nowMs();
        int status = 0;
        for (int i = 0; i < 5 && status != 200; i++) {
            status = bed.daemons()
                    .put(bed.hosts().get(0), "/v1/ha/" + TestBed.AZ + "/enable")
                    .status();
        }
        if (status != 200) {
            throw new LabException("HA could not be enabled: status " + status);
        }
        if (!new Healing(bed, console::progress, formingMs).settle()) {
            throw new LabException("the group did not become whole within " + formingMs / 1000 + " s");
        }
        long readyMs = history.nowMs();
        history.record(
                Kinds.NOTE,
                event -> event.put("text", "ready")
                        .put("forming_ms", readyMs - asked)
                        .put("ready_ms", readyMs));
        console.line(String.format(
                Locale.ROOT,
                "ready after %.1f s: %d hosts, the leader is %s; %.1f s until every vmhad saw all others, %.1f s until"
                        + " HA was enabled and the group whole",
                readyMs / 1e3,
                hosts,
                bed.leader().map(LabHost::name).orElse("unknown"),
                asked / 1e3,
                (readyMs - asked) / 1e3));
    }

    private void awaitFormed(String what, java.util.function.BooleanSupplier condition) {
        if (!Shell.await(bed.plan().nova().formingMs(), condition)) {
            throw new LabException("waited in vain until " + what);
        }
        console.line(what);
    }

    /** Everything from the first fault to the last look. */
    public void play() {
        List<Workload.Running> running = new ArrayList<>();
        var observer = new Observer(bed);
        try {
            for (Workload workload : settings.workloads()) {
                running.add(workload.start(bed, new Random(dice.nextLong())));
            }
            if (settings.scenario().isPresent()) {
                together(settings.scenario().get().steps());
                settle();
            } else if (settings.dense()) {
                new Barrage(bed, settings, injector, new Random(dice.nextLong()), this::settle).play();
            } else {
                rounds();
            }
            running.forEach(Workload.Running::close);
            running.clear();
            new Healing(bed, console::progress).settle();
            Shell.pass(LAST_LOOK_MS);
        } finally {
            running.forEach(Workload.Running::close);
            observer.close();
        }
        bed.recordEnd();
    }

    /** The faults of the scenario alone, with their healing, and nothing else. */
    public void playScenario() {
        together(settings.scenario().orElseThrow().steps());
        settle();
    }

    private void rounds() {
        long until = history.nowMs() + settings.seconds() * 1_000;
        var deck = new Deck(settings.nemeses(), new Random(dice.nextLong()), settings.together());
        while (history.nowMs() < until && injector.injected() < settings.faultsMax()) {
            List<Step> steps = new ArrayList<>();
            for (Nemesis nemesis : deck.next()) {
                long lasts = settings.lastsMs(nemesis, dice);
                steps.add(Step.anywhere(dice.nextInt(STAGGER_MS), nemesis, lasts));
            }
            together(steps);
            settle();
        }
    }

    /** Begins and heals the faults of one round or scenario, each at its time. */
    private void together(List<Step> steps) {
        record Act(long atMs, Optional<Injection> ends, Step step) {}
        var acts = new PriorityQueue<Act>(Comparator.comparingLong(Act::atMs));
        long origin = history.nowMs();
        steps.forEach(step -> acts.add(new Act(origin + step.atMs(), Optional.empty(), step)));
        var stage = new Stage(bed, dice, List.of());
        while (!acts.isEmpty()) {
            Act act = acts.remove();
            Shell.pass(Math.max(0, act.atMs() - history.nowMs()));
            if (act.ends().isPresent()) {
                injector.end(act.ends().get());
                continue;
            }
            Stream<LabHost> named = act.step().hosts().stream().map(number -> bed.host("hv-" + number));
            List<LabHost> wished = (act.step().onLeader() ? bed.leader().stream() : named).toList();
            Stage own = stage.wishing(wished);
            Injection begun = injector.begin(act.step().nemesis(), own);
            stage = own.wishing(List.of());
            acts.add(new Act(history.nowMs() + act.step().lastsMs(), Optional.of(begun), act.step()));
        }
    }

    private void settle() {
        long began = history.nowMs();
        boolean well = new Healing(bed, console::progress).settle();
        console.healed(well, history.nowMs() - began);
    }

    /** How many faults were begun. */
    public int injected() {
        return injector.injected();
    }

    /** How many of them were shown to have bitten. */
    public int bitten() {
        return injector.bitten();
    }

    /** Judges a history by every invariant, and by what a scenario expects. */
    public static Map<Invariant, Finding> judge(History history, Optional<Scenario> scenario) {
        var findings = new LinkedHashMap<Invariant, Finding>();
        for (Invariant invariant : Invariants.all()) {
            findings.put(invariant, invariant.check(history));
        }
        scenario.filter(s -> !s.expectations().isEmpty()).ifPresent(s -> {
            var own = new Invariant("E", "what the scenario expects has come", h -> Expectations.check(s, h));
            findings.put(own, own.check(history));
        });
        return findings;
    }
}

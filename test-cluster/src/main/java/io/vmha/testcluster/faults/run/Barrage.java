package io.vmha.testcluster.faults.run;

import io.vmha.testcluster.faults.lab.LabHost;
import io.vmha.testcluster.faults.lab.Shell;
import io.vmha.testcluster.faults.lab.TestBed;
import io.vmha.testcluster.faults.nemesis.Family;
import io.vmha.testcluster.faults.nemesis.Nemesis;
import io.vmha.testcluster.faults.nemesis.Stage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Faults that come one upon the other: a new one begins as soon as there is room for it beside those that go on, on hosts that no other has,
 * while an operator looks after what earlier ones have left. Now and then everything must come to rest; then a fault that concerns everybody is
 * met alone. What costs a host waits until all are in service again, so most of the faults are of the other kinds.
 */
final class Barrage {
    private static final int WAVE_FAULTS = 30;
    private static final long WAVE_MS = 100_000;
    private static final long LOOK_MS = 100;
    /** One to be hit, and one that may lead. */
    private static final int FREE_FOR_COSTLY = 2;
    /** So much more often than the one that was met least: there is always room for some, and they would be all that is met. */
    private static final int AHEAD_MAX = 2;
    /** After this time without one that costs a host, the others make room for the next. */
    private static final long COSTLY_EVERY_MS = 5_000;

    /** A fault that goes on until its time is over. */
    private record Going(Injection injection, long untilMs) {}

    private final TestBed bed;
    private final RunSettings settings;
    private final Injector injector;
    private final Random dice;
    private final Runnable rest;
    private final Object hands = new Object(); // guards going
    private final List<Going> going = new ArrayList<>();
    private final Map<String, Integer> met = new HashMap<>(); // how often each nemesis was begun
    private long untilMs;
    private long costlyEndedMs;

    /** @param rest brings everything to rest and judges whether it came */
    Barrage(TestBed bed, RunSettings settings, Injector injector, Random dice, Runnable rest) {
        this.bed = bed;
        this.settings = settings;
        this.injector = injector;
        this.dice = dice;
        this.rest = rest;
    }

    void play() {
        untilMs = bed.history().nowMs() + settings.seconds() * 1_000;
        while (goesOn()) {
            wave();
            rest.run();
            if (goesOn()) {
                oneAlone();
            }
        }
    }

    private boolean goesOn() {
        return bed.history().nowMs() < untilMs && injector.injected() < settings.faultsMax();
    }

    private void oneAlone() {
        rarest(Company::isAlone).ifPresent(nemesis -> {
            Injection injection = begun(nemesis, new Stage(bed, dice, List.of()));
            Shell.pass(settings.lastsMs(nemesis, dice));
            injector.end(injection);
            rest.run();
        });
    }

    /** Of those that this is true of, one that was met least. */
    private Optional<Nemesis> rarest(Predicate<Nemesis> fits) {
        List<Nemesis> fitting =
                new ArrayList<>(settings.nemeses().stream().filter(fits).toList());
        Collections.shuffle(fitting, dice);
        return fitting.stream().min(Comparator.comparingInt(this::met));
    }

    private int met(Nemesis nemesis) {
        return met.getOrDefault(nemesis.name(), 0);
    }

    private Injection begun(Nemesis nemesis, Stage stage) {
        met.merge(nemesis.name(), 1, Integer::sum);
        return injector.begin(nemesis, stage);
    }

    /** Some dozens of faults, and their ends. */
    private void wave() {
        int begun = 0;
        long over = Math.min(untilMs, bed.history().nowMs() + WAVE_MS);
        try (var operator = new Operator(bed, hands, this::leftAlone)) {
            while (true) {
                endThoseDue();
                boolean more = begun < WAVE_FAULTS && bed.history().nowMs() < over && goesOn();
                if (more && begin(operator)) {
                    begun++;
                } else if (!more && going.isEmpty()) {
                    return;
                } else {
                    Shell.pause(LOOK_MS);
                }
            }
        }
    }

    private void endThoseDue() {
        long nowMs = bed.history().nowMs();
        for (Going due : List.copyOf(going)) {
            if (due.untilMs() <= nowMs) {
                injector.end(due.injection());
                if (Company.needsAll(due.injection().nemesis())) {
                    costlyEndedMs = bed.history().nowMs();
                }
                synchronized (hands) {
                    going.remove(due);
                }
            }
        }
    }

    /** Begins the next fault for which there is room. False if there is none. */
    private boolean begin(Operator operator) {
        Healing.Condition condition = operator.condition();
        var taken = new HashSet<>(condition.ailing());
        going.forEach(other -> taken.addAll(other.injection().targets()));
        int free = bed.hosts().size() - taken.size();
        if (going.size() >= settings.together() || free == 0) {
            return false;
        }
        Optional<Nemesis> next = chosen(condition, free);
        if (next.isEmpty()) {
            return false;
        }
        var stage = new Stage(bed, dice, List.of());
        stage.take(List.copyOf(taken));
        synchronized (hands) {
            Injection injection = begun(next.get(), stage);
            going.add(new Going(injection, bed.history().nowMs() + settings.lastsMs(next.get(), dice)));
        }
        return true;
    }

    /** What costs a host goes first, wherever there is room for it. */
    private Optional<Nemesis> chosen(Healing.Condition condition, int free) {
        int least = settings.nemeses().stream()
                .filter(nemesis -> !Company.isAlone(nemesis) && !Company.needsAll(nemesis))
                .mapToInt(this::met)
                .min()
                .orElse(0);
        Predicate<Nemesis> fits =
                nemesis -> !Company.isAlone(nemesis) && met(nemesis) < least + AHEAD_MAX && hasRoom(nemesis, condition);
        Predicate<Nemesis> small = nemesis -> free >= FREE_FOR_COSTLY || !Company.needsAll(nemesis);
        return rarest(fits.and(small).and(Company::needsAll)).or(() -> rarest(fits.and(small)));
    }

    private boolean hasRoom(Nemesis nemesis, Healing.Condition condition) {
        if (Company.needsAll(nemesis) && !condition.isWhole()) {
            return false;
        }
        boolean costlyIsDue = bed.history().nowMs() - costlyEndedMs > COSTLY_EVERY_MS
                && !condition.isRecovering()
                && settings.nemeses().stream().anyMatch(Company::needsAll)
                && going.stream()
                        .noneMatch(other -> Company.needsAll(other.injection().nemesis()));
        if (costlyIsDue && !Company.needsAll(nemesis) && Company.isDisabling(nemesis)) {
            return false;
        }
        var disabled = new HashSet<>(condition.ailing());
        for (Going other : going) {
            if (!Company.goesWith(other.injection().nemesis(), nemesis)) {
                return false;
            }
            if (Company.isDisabling(other.injection().nemesis())) {
                disabled.addAll(other.injection().targets());
            }
        }
        return !Company.isDisabling(nemesis) || disabled.size() < (bed.hosts().size() - 1) / 2;
    }

    /** The hosts that the operator must not touch: all of them while the blows of a plan fall. */
    private Set<LabHost> leftAlone() {
        var busy = new HashSet<LabHost>();
        for (Going other : going) {
            busy.addAll(
                    other.injection().nemesis().family() == Family.PLAN
                            ? bed.hosts()
                            : other.injection().targets());
        }
        return Set.copyOf(busy);
    }
}

package io.vmha.testcluster.faults.nemesis;

import io.vmha.testcluster.faults.lab.LabHost;
import io.vmha.testcluster.faults.lab.TestBed;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/** Where a nemesis acts: the test bed, the dice, and the hosts that a fault of the same round has taken already. */
public final class Stage {
    private final TestBed bed;
    private final Random dice;
    private final Set<LabHost> taken = new LinkedHashSet<>();
    private final List<LabHost> wished;
    private int numbers;

    /** @param wished the hosts that a scenario names, in that order; empty to let the dice choose */
    public Stage(TestBed bed, Random dice, List<LabHost> wished) {
        this.bed = bed;
        this.dice = dice;
        this.wished = List.copyOf(wished);
    }

    public TestBed bed() {
        return bed;
    }

    public Random dice() {
        return dice;
    }

    /** The same stage with other wishes; what is taken stays taken. */
    public Stage wishing(List<LabHost> hosts) {
        var stage = new Stage(bed, dice, hosts);
        stage.taken.addAll(taken);
        return stage;
    }

    /** Hosts taken by a fault that was begun elsewhere on this round. */
    public void take(List<LabHost> hosts) {
        taken.addAll(hosts);
    }

    /** As many hosts as asked for, that no other fault of this round has: wished ones first. At least one host stays free where possible. */
    public List<LabHost> hosts(int count) {
        var chosen = new ArrayList<LabHost>();
        wished.stream().limit(count).forEach(chosen::add);
        var free = new ArrayList<>(bed.living());
        free.removeAll(taken);
        free.removeAll(chosen);
        Collections.shuffle(free, dice);
        while (chosen.size() < count && !free.isEmpty()) {
            chosen.add(free.remove(0));
        }
        taken.addAll(chosen);
        return List.copyOf(chosen);
    }

    /** One host, as {@link #hosts}; empty if all are taken. */
    public Optional<LabHost> host() {
        return hosts(1).stream().findFirst();
    }

    /** All hosts of the AZ but these. */
    public List<LabHost> others(List<LabHost> hosts) {
        return bed.hosts().stream().filter(host -> !hosts.contains(host)).toList();
    }

    /** A number from the first to the last, both included. */
    public int between(int first, int last) {
        return first + dice.nextInt(last - first + 1);
    }

    /** A name that no other fault of this stage has. */
    public String fresh(String word) {
        numbers++;
        return word + "-" + numbers + "-" + dice.nextInt(1 << 20);
    }
}

package io.vmha.testcluster.faults.nemesis;

import io.vmha.testcluster.faults.lab.LabHost;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * One fault that is going on, with what it may lead to. A host that is {@code dead} or {@code cut} may be fenced and evacuated; one whose
 * daemon is merely {@code silent} must not be, within limits; a {@code mass} fault must lead to no evacuation at all.
 */
public final class Fault {
    private final String detail;
    private final List<LabHost> targets;
    private final List<LabHost> dead = new ArrayList<>();
    private final List<LabHost> cut = new ArrayList<>();
    private final List<LabHost> silent = new ArrayList<>();
    private boolean mass;
    private Supplier<Optional<String>> bite = Optional::empty;
    private Runnable heal = () -> {};

    /** @param detail what exactly was done, for a reader */
    public Fault(String detail, List<LabHost> targets) {
        this.detail = detail;
        this.targets = List.copyOf(targets);
    }

    /** These hosts have no power. */
    public Fault killing(List<LabHost> hosts) {
        dead.addAll(hosts);
        return this;
    }

    /** The majority cannot reach these hosts. */
    public Fault cutting(List<LabHost> hosts) {
        cut.addAll(hosts);
        return this;
    }

    /** The daemons of these hosts say nothing, but their kernels live. */
    public Fault silencing(List<LabHost> hosts) {
        silent.addAll(hosts);
        return this;
    }

    /** It concerns everybody: nobody can tell who is dead. */
    public Fault concerningAll() {
        mass = true;
        return this;
    }

    /** Looks, before the fault is healed, whether it really happened; what it saw is the proof. */
    public Fault shownBy(Supplier<Optional<String>> look) {
        bite = look;
        return this;
    }

    public Fault healedBy(Runnable cure) {
        heal = cure;
        return this;
    }

    public String detail() {
        return detail;
    }

    public List<LabHost> targets() {
        return targets;
    }

    public List<LabHost> dead() {
        return List.copyOf(dead);
    }

    public List<LabHost> cut() {
        return List.copyOf(cut);
    }

    public List<LabHost> silent() {
        return List.copyOf(silent);
    }

    public boolean isMass() {
        return mass;
    }

    /** What shows that it really happened; empty if nothing does. */
    public Optional<String> bite() {
        return bite.get();
    }

    public void heal() {
        heal.run();
    }
}

package io.vmha.sim.recovery;

import io.vmha.recovery.core.BmcStatement;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.PowerState;
import io.vmha.sim.Dice;
import io.vmha.sim.Simulation;

/** A hypervisor: its power, the VMs that run on it, and its BMC with the faults that BMCs have. */
final class Machine {
    /** How a BMC misbehaves. */
    enum BmcFault {
        NONE,
        /** It has lost its own power, or its network: no answer. */
        MUTE,
        /** Every answer takes seconds. */
        SLOW,
        /** It reports failure, and powers off all the same. */
        DENIES,
        /** The address is that of another machine. */
        FOREIGN
    }

    private final Simulation sim;
    private final Dice dice;
    private final HostName host;
    private final Ledger ledger;
    private boolean on = true;
    private boolean booted = true;
    private boolean serves = true;
    private int boots = 1;
    private BmcFault bmcFault = BmcFault.NONE;
    private Runnable onPowerLost = () -> {};

    Machine(Simulation sim, HostName host, Ledger ledger) {
        this.sim = sim;
        this.dice = sim.dice("machine " + host);
        this.host = host;
        this.ledger = ledger;
    }

    /** What else happens when the power goes: its agent dies. */
    void onPowerLost(Runnable effect) {
        onPowerLost = effect;
    }

    HostName host() {
        return host;
    }

    boolean isOn() {
        return on;
    }

    /** It has power and its gate is open: nova-compute and VMs may run. */
    boolean serves() {
        return on && serves;
    }

    /** It has power and its operating system runs. */
    boolean isUp() {
        return on && booted;
    }

    void boot() {
        booted = true;
        boots++;
    }

    /** Which start of its kernel this is. */
    String bootId() {
        return "boot " + boots;
    }

    void openGate() {
        serves = true;
    }

    BmcFault bmcFault() {
        return bmcFault;
    }

    void set(BmcFault fault) {
        bmcFault = fault;
    }

    void losePower(String why) {
        if (on) {
            on = false;
            booted = false;
            serves = false;
            sim.tell(host + " loses its power: " + why + "; stopped " + ledger.stopAll(host));
            onPowerLost.run();
        }
    }

    void switchOn() {
        on = true;
        sim.tell(host + " is switched on");
    }

    /** How long the BMC takes for an answer, in milliseconds. */
    long answerMs() {
        return switch (bmcFault) {
            case NONE, DENIES, FOREIGN -> dice.mostly(40, 900);
            case SLOW -> dice.between(2_000, 9_000);
            case MUTE -> 4_000;
        };
    }

    /** How long it takes to power off, in milliseconds. */
    long powerOffMs() {
        return answerMs() + dice.between(300, 3_000);
    }

    BmcStatement status() {
        return switch (bmcFault) {
            case NONE, SLOW, DENIES ->
                new BmcStatement(host, on ? PowerState.ON : PowerState.OFF, true, on ? "on" : "off", 100);
            case FOREIGN -> new BmcStatement(host, PowerState.OFF, false, "guid of another machine", 100);
            case MUTE -> new BmcStatement(host, PowerState.UNKNOWN, false, "no answer", 4_000);
        };
    }

    BmcStatement powerOff() {
        if (bmcFault == BmcFault.NONE || bmcFault == BmcFault.SLOW || bmcFault == BmcFault.DENIES) {
            losePower("its BMC was told so");
        }
        if (bmcFault == BmcFault.DENIES && dice.chance(70)) {
            return new BmcStatement(host, PowerState.UNKNOWN, true, "timeout waiting for the chassis", 20_000);
        }
        return status();
    }
}

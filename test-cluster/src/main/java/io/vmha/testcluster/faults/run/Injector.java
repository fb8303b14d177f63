package io.vmha.testcluster.faults.run;

import io.vmha.testcluster.faults.lab.TestBed;
import io.vmha.testcluster.faults.nemesis.Nemesis;
import io.vmha.testcluster.faults.nemesis.Stage;

/** Begins and ends the faults of a run, counts them, and tells of each. */
final class Injector {
    private final TestBed bed;
    private final Console console;
    private int injected;
    private int bitten;

    Injector(TestBed bed, Console console) {
        this.bed = bed;
        this.console = console;
    }

    Injection begin(Nemesis nemesis, Stage stage) {
        injected++;
        var injection = new Injection(bed, nemesis, "f" + injected);
        injection.begin(stage);
        console.fault(injected, injection.words());
        return injection;
    }

    void end(Injection injection) {
        var proof = injection.end();
        bitten += proof.isPresent() ? 1 : 0;
        console.progress(injection.nemesis().name()
                + proof.map(words -> " bit: " + words).orElse(" was not shown to bite"));
    }

    int injected() {
        return injected;
    }

    int bitten() {
        return bitten;
    }
}

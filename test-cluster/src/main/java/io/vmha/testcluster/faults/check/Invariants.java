package io.vmha.testcluster.faults.check;

import java.util.List;

/** All invariants that runs are judged by. */
public final class Invariants {
    private static final List<Invariant> ALL = List.of(
            new Invariant(
                    "I1",
                    "no VM lives twice: once a new copy has beaten, no older one ever beats again",
                    GuestLives::byHeartbeats),
            new Invariant(
                    "I1d",
                    "no VM writes twice: on the shared disk no older copy's write follows a newer copy's",
                    GuestLives::byDisk),
            new Invariant(
                    "I2",
                    "no evacuate call reaches Nova before a certificate of its host is committed",
                    Calls::certified),
            new Invariant(
                    "I9",
                    "when an evacuate call reaches Nova, the old copy is dead or never beats again",
                    Calls::oldCopyIsDead),
            new Invariant("I3", "every VM has exactly one ending, and runs where Nova says, once", Endings::exactlyOne),
            new Invariant("I4", "one leader per term, and only a leader changes anything in Nova", Leaders::onePerTerm),
            new Invariant("I5", "the store is linearizable and loses no acknowledged write", Store::linearizable),
            new Invariant("I6", "replicas that have applied as much hold the same", Agreement::sameState),
            new Invariant("I7", "after healing every view of the pool is the truth", Agreement::samePool),
            new Invariant(
                    "I8",
                    "no host is fenced or evacuated while its kernel lived and the majority could reach it",
                    Excuses::noFalseEvacuation),
            new Invariant(
                    "I10", "what hits everybody at once leads to no fence and no evacuation", Excuses::massFaultsPause),
            new Invariant("I11", "memory, threads and disk of every daemon stay bounded", Bounds::held),
            new Invariant(
                    "I12",
                    "every evacuation is explained by an incident with its proof and its story",
                    Endings::explained),
            new Invariant(
                    "L",
                    "the VMs of a host that dies with nothing else in the way are brought back",
                    Deaths::areRecovered),
            new Invariant("C", "everything settles after every healing", Agreement::converged));

    private Invariants() {}

    public static List<Invariant> all() {
        return ALL;
    }
}

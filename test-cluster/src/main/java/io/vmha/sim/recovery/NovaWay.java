package io.vmha.sim.recovery;

import io.vmha.recovery.core.ComputeException;
import io.vmha.recovery.core.HostName;
import io.vmha.sim.Dice;
import java.util.function.Supplier;

/** The way of one host's requests to Nova: each gets the fate that Nova's and the network's present faults give it. */
final class NovaWay {
    private final Cluster cluster;
    private final HostName self;
    private final Dice dice;

    NovaWay(Cluster cluster, HostName self, Dice dice) {
        this.cluster = cluster;
        this.self = self;
        this.dice = dice;
    }

    <T> Replay.Asked<T> ask(String what, Supplier<T> onArrival) {
        return ask(what, 0, onArrival);
    }

    /** @param senderPausesMs how long the caller stands still before it sends */
    <T> Replay.Asked<T> ask(String what, long senderPausesMs, Supplier<T> onArrival) {
        NovaFault fault = cluster.novaFault();
        long limitMs = cluster.scenario().requestLimitMs() + senderPausesMs;
        Object unknown = new ComputeException(ComputeException.Kind.UNKNOWN, 0, what + ": no answer", null);
        boolean arrives = cluster.network().reachesApi(self) && !fault.swallows(dice);
        if (!arrives) {
            return new Replay.Asked<>(what, -1, onArrival, 0, dice.chance(50) ? 200 : limitMs, unknown);
        }
        long arrivesMs = senderPausesMs + fault.delayMs(dice);
        if (fault.failsBefore(dice)) {
            return new Replay.Asked<>(what, -1, onArrival, 0, arrivesMs, serverError(what));
        }
        if (fault.failsAfter(dice)) {
            Supplier<T> thenFails = () -> {
                T lost = onArrival.get();
                throw serverError(what + " after " + lost);
            };
            return new Replay.Asked<>(what, arrivesMs, thenFails, 5, limitMs, unknown);
        }
        long answersMs = fault.losesAnswer(dice) ? limitMs : dice.mostly(2, 100);
        return new Replay.Asked<>(what, arrivesMs, onArrival, answersMs, limitMs, unknown);
    }

    private static ComputeException serverError(String what) {
        return new ComputeException(ComputeException.Kind.UNKNOWN, 503, what + ": 503", null);
    }
}

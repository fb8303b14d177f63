package io.vmha.sim.recovery;

import io.vmha.recovery.core.BmcStatement;
import io.vmha.recovery.core.ComputeException;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.PowerState;
import io.vmha.sim.Dice;
import java.util.function.Supplier;

/** The way of one host's requests to Nova: each gets the fate that Nova's and the network's present faults give it. */
final class NovaWay {
    private final Cluster cluster;
    private final HostName self;
    private final Dice dice;
    private final Dice pauses;

    /** @param pauses how long the senders of changes stand still */
    NovaWay(Cluster cluster, HostName self, Dice dice, Dice pauses) {
        this.cluster = cluster;
        this.self = self;
        this.dice = dice;
        this.pauses = pauses;
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

    /**
     * A request that changes something, for a decision of this term. Right before it leaves its sender looks whether that leadership stands; between
     * that look and the sending it may stand still, until the guard kills it.
     */
    <T> T change(Replay<?> replay, String what, long term, Supplier<T> onArrival) {
        Agent sender = cluster.agent(self);
        if (!stands(replay, term)) {
            throw new ComputeException(ComputeException.Kind.NOT_SENT, 0, what + ": term " + term + " is over", null);
        }
        return replay.ask(() -> {
            int life = sender.life();
            long pauseMs = cluster.scenario().senderPauseMs(pauses);
            long sendsAtMs = cluster.nowMs() + pauseMs;
            return ask(what, pauseMs, () -> {
                if (!sender.sent(life, sendsAtMs)) {
                    throw new ComputeException(ComputeException.Kind.NOT_SENT, 0, what + ": its sender died", null);
                }
                cluster.rules().onArrived(sender, what, term, sendsAtMs);
                return onArrival.get();
            });
        });
    }

    /** Whether the leadership of this term stands now, as far as this host knows. */
    boolean stands(Replay<?> replay, long term) {
        return replay.<Boolean>read(() -> cluster.agent(self).termStands(term));
    }

    /** What a fence agent that was not started says. */
    static BmcStatement notStarted(HostName host) {
        return new BmcStatement(host, PowerState.UNKNOWN, true, "not started: the leadership has ended", 0);
    }

    private static ComputeException serverError(String what) {
        return new ComputeException(ComputeException.Kind.UNKNOWN, 503, what + ": 503", null);
    }
}

package io.vmha.sim.gossip;

import io.vmha.gossip.observe.Observer;
import io.vmha.gossip.observe.ObserverTiming;
import io.vmha.sim.Simulation;
import java.util.List;
import java.util.SplittableRandom;

/** The directed observation by one host: a real {@link Observer} whose probes reach the kernels of others, unless the wires lose them. */
final class NodeObserver {
    private final Simulation sim;
    private final GossipPool pool;
    private final PoolNode host;
    private List<String> targets = List.of();
    private Observer observer;
    private long lives;

    NodeObserver(Simulation sim, GossipPool pool, PoolNode host) {
        this.sim = sim;
        this.pool = pool;
        this.host = host;
        this.observer = fresh();
    }

    private Observer fresh() {
        long seed = sim.dice("observer " + host.name() + " life " + lives++).seed();
        return new Observer(ObserverTiming.DEFAULT, new SplittableRandom(seed), new Probes());
    }

    /** From its next start on. */
    void observe(List<String> hosts) {
        targets = hosts;
    }

    void start() {
        observer = fresh();
        observer.onRing(host.clockMs(), targets);
    }

    /** Whether it can say of this host that it is silent. */
    boolean isSilent(String other) {
        return host.isRunning() && observer.sighting(host.clockMs(), other).isSilent();
    }

    long nextDeadlineMs() {
        return observer.nextDeadlineMs();
    }

    void onTimer() {
        if (observer.nextDeadlineMs() <= host.clockMs()) {
            observer.onTimer(host.clockMs());
        }
    }

    private final class Probes implements Observer.Outbox {
        @Override
        public void probe(long attempt, String target) {
            PoolNode other = pool.named(target).orElseThrow();
            Observer asking = observer;
            pool.wires().send(host.number(), other.number(), () -> {
                if (other.isPowered()) {
                    pool.wires()
                            .send(
                                    other.number(),
                                    host.number(),
                                    () -> host.hear(() -> {
                                        if (asking == observer) {
                                            observer.onAnswer(host.clockMs(), attempt, "refused");
                                        }
                                    }));
                }
            });
        }

        @Override
        public void abandon(long attempt) {
            // a packet on its way is not called back
        }

        @Override
        public void changed(String target) {
            pool.detections().onObserved(host, target);
        }
    }
}

package io.vmha.sim.verdict;

import io.vmha.gossip.observe.Observer;
import io.vmha.gossip.observe.ObserverTiming;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Sighting;
import io.vmha.sim.Dice;
import io.vmha.sim.Simulation;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;

/** One hypervisor: its kernel, its two directions of network, and its agent with a real {@link Observer}. */
final class SimulatedHost {
    private static final long RENEW_MS = 1_000;

    private final Simulation sim;
    private final VerdictPool pool;
    private final HostName name;
    private final Observer observer;
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private boolean up = true;
    private boolean sends = true;
    private boolean hears = true;
    private long pausedUntilMs;
    private long armedAtMs = Long.MAX_VALUE;

    SimulatedHost(Simulation sim, VerdictPool pool, HostName name, Dice dice) {
        this.sim = sim;
        this.pool = pool;
        this.name = name;
        this.observer = new Observer(ObserverTiming.DEFAULT, new SplittableRandom(dice.seed()), new Probes());
        sim.every(dice.between(0, RENEW_MS - 1), RENEW_MS, "renew", () -> whenRunning(this::renew));
    }

    HostName name() {
        return name;
    }

    boolean isUp() {
        return up;
    }

    /** Its packets reach the others and theirs reach it. */
    boolean isInReach() {
        return up && sends && hears;
    }

    boolean sends() {
        return up && sends;
    }

    boolean hears() {
        return up && hears;
    }

    boolean isRunning() {
        return up && pausedUntilMs <= sim.nowMs();
    }

    void die() {
        up = false;
        waiting.clear();
    }

    void link(boolean itSends, boolean itHears) {
        sends = itSends;
        hears = itHears;
    }

    void pause(long ms) {
        pausedUntilMs = Math.max(pausedUntilMs, sim.nowMs() + ms);
        sim.at(pausedUntilMs, "runs on", () -> {
            while (isRunning() && !waiting.isEmpty()) {
                waiting.poll().run();
            }
        });
    }

    /** Now, or when the agent runs again; never if the host dies first. */
    void whenRunning(Runnable event) {
        if (isRunning()) {
            event.run();
        } else if (up) {
            waiting.add(event);
        }
    }

    void observe(List<String> targets) {
        observer.onRing(sim.nowMs(), targets);
        arm();
    }

    void lookAt(Collection<String> hosts) {
        observer.onAsked(sim.nowMs(), hosts);
        arm();
    }

    Sighting sighting(HostName host) {
        return of(observer.sighting(sim.nowMs(), host.value()));
    }

    private Sighting of(io.vmha.gossip.observe.Sighting s) {
        return new Sighting(
                name, new HostName(s.host()), s.answeredMs(), s.answer(), s.silentMs(), s.unanswered(), s.doubt());
    }

    private void renew() {
        var news = new ArrayList<Sighting>();
        observer.news(sim.nowMs(), 3_000).forEach(s -> news.add(of(s)));
        pool.renew(this, news);
    }

    private void arm() {
        long next = Math.max(sim.nowMs(), observer.nextDeadlineMs());
        if (next < armedAtMs) {
            armedAtMs = next;
            sim.at(next, "observer", () -> {
                if (armedAtMs == sim.nowMs()) {
                    whenRunning(() -> {
                        armedAtMs = Long.MAX_VALUE;
                        observer.onTimer(sim.nowMs());
                        arm();
                    });
                }
            });
        }
    }

    private final class Probes implements Observer.Outbox {
        @Override
        public void probe(long attempt, String host) {
            pool.probe(
                    SimulatedHost.this,
                    new HostName(host),
                    () -> whenRunning(() -> {
                        observer.onAnswer(sim.nowMs(), attempt, "refused");
                        arm();
                    }));
        }

        @Override
        public void abandon(long attempt) {
            // a packet on its way is not called back
        }

        @Override
        public void changed(String host) {
            renew();
        }
    }
}

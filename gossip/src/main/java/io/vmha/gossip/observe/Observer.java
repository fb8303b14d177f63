package io.vmha.gossip.observe;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * One host's part in observing the others: it asks the kernels of its ring targets once a period, looks closely where an answer is missing
 * or where somebody asks it to, and can say at any time what it has seen.
 *
 * <p>It asks kernels and not agents: a host whose agent is stopped, starved or dead still answers, and only a host that is off, hung or cut
 * off does not. One thread; fed with time in milliseconds of one monotonic clock.
 */
public final class Observer {
    /** Hosts looked at closely at the same time; a sweep of a large aggregate is below it. */
    public static final int CLOSE_MAX = 20_000;

    private static final int UNDER_WAY_MAX = 8;

    /** A host that has been silent for longer is asked once a period again: whoever had to know knows. */
    private static final long CLOSE_MOST_MS = 15_000;

    /** What an observer does to the world. */
    public interface Outbox {
        /** Asks a host's kernel for a sign of life; {@link Observer#onAnswer} or {@link Observer#onUnable} may follow. */
        void probe(long attempt, String host);

        /** Nothing that comes of these attempts matters any more. */
        void abandon(long attempt);

        /** A host of the ring has fallen silent, or answers again: worth telling at once. */
        void changed(String host);
    }

    private final ObserverTiming timing;
    private final RandomGenerator random;
    private final Outbox outbox;
    private final LossEstimate loss = new LossEstimate();
    private final Map<String, Target> targets = new TreeMap<>();
    private final PriorityQueue<Turn> turns = new PriorityQueue<>();
    /** All wait equally long, so the first to have begun is the first to end. */
    private final Attempts waiting = new Attempts();

    private long lastTimerMs = Long.MIN_VALUE;

    public Observer(ObserverTiming timing, RandomGenerator random, Outbox outbox) {
        this.timing = timing;
        this.random = random;
        this.outbox = outbox;
    }

    private static final class Attempt {
        private final Target target;
        private final long begunMs;
        private final long endMs;
        private final long order;

        Attempt(Target target, long begunMs, long endMs, long order) {
            this.target = target;
            this.begunMs = begunMs;
            this.endMs = endMs;
            this.order = order;
        }

        /** Of two things at one time, what was planned first comes first. */
        boolean isBefore(Turn turn) {
            return endMs != turn.atMs ? endMs < turn.atMs : order < turn.order;
        }
    }

    /** Those that wait for an answer, in the order in which they began; their ids count on. */
    private static final class Attempts {
        private Attempt[] byId = new Attempt[16]; // at the id's last bits; null for one that is over
        private long firstId = 1;
        private long nextId = 1;

        /** Returns its id. */
        long add(Attempt begun) {
            if (nextId - firstId == byId.length) {
                grow();
            }
            byId[placeOf(nextId)] = begun;
            return nextId++;
        }

        private void grow() {
            var wider = new Attempt[2 * byId.length];
            for (long id = firstId; id < nextId; id++) {
                wider[(int) id & (wider.length - 1)] = byId[placeOf(id)];
            }
            byId = wider;
        }

        private int placeOf(long id) {
            return (int) id & (byId.length - 1);
        }

        /** Takes it out and returns it; null if it is over already. */
        Attempt end(long id) {
            if (id < firstId || id >= nextId) {
                return null;
            }
            Attempt ended = byId[placeOf(id)];
            byId[placeOf(id)] = null;
            while (firstId < nextId && byId[placeOf(firstId)] == null) {
                firstId++;
            }
            return ended;
        }

        boolean isEmpty() {
            return firstId == nextId;
        }

        long firstId() {
            return firstId;
        }

        Attempt first() {
            return byId[placeOf(firstId)];
        }
    }

    /** A target's turn. Stale ones are recognised when they are taken out. */
    private record Turn(long atMs, long order, Target target) implements Comparable<Turn> {
        @Override
        public int compareTo(Turn other) {
            int byTime = Long.compare(atMs, other.atMs);
            return byTime != 0 ? byTime : Long.compare(order, other.order);
        }

        /** The target is not wanted any more, or its turn was planned anew: nobody needs to wake up for it. */
        boolean isStale() {
            return target.dropped || target.nextMs != atMs;
        }
    }

    private static final class Target {
        private final String host;
        private boolean inRing;
        private long closeUntilMs = Long.MIN_VALUE;
        private long nextMs;
        private long answeredAtMs = Long.MIN_VALUE;
        private String answer = "";
        private long silentSinceMs = Long.MIN_VALUE;
        private int unanswered;
        private int open;
        private boolean dropped;

        Target(String host) {
            this.host = host;
        }
    }

    private long order;

    private void plan(Target target, long atMs) {
        target.nextMs = atMs;
        turns.add(new Turn(atMs, order++, target));
    }

    /** The hosts that this one observes from now on. */
    public void onRing(long nowMs, Collection<String> hosts) {
        for (Target target : targets.values()) {
            target.inRing = false;
        }
        for (String host : hosts) {
            Target target = targets.get(host);
            if (target == null) {
                target = new Target(host);
                targets.put(host, target);
                plan(target, nowMs + random.nextLong(timing.periodMs()));
            }
            target.inRing = true;
        }
        targets.values().removeIf(target -> {
            target.dropped = !isWanted(nowMs, target);
            return target.dropped;
        });
    }

    /** Somebody suspects these hosts, or wants to know who else is silent: look closely, now. */
    public void onAsked(long nowMs, Collection<String> hosts) {
        for (String host : hosts) {
            Target target = targets.get(host);
            if (target == null) {
                if (targets.size() >= CLOSE_MAX) {
                    continue;
                }
                target = new Target(host);
                targets.put(host, target);
            }
            lookClosely(nowMs, target);
        }
    }

    private void lookClosely(long nowMs, Target target) {
        boolean already = nowMs < target.closeUntilMs;
        target.closeUntilMs = nowMs + timing.closeMs();
        if (!already) {
            for (int i = target.open; i < timing.burst(); i++) {
                attempt(nowMs, target);
            }
            plan(target, nowMs + timing.closePeriodMs());
        }
    }

    private static boolean isWanted(long nowMs, Target target) {
        return target.inRing || nowMs < target.closeUntilMs;
    }

    private void attempt(long nowMs, Target target) {
        if (target.open >= UNDER_WAY_MAX) {
            return;
        }
        target.open++;
        long id = waiting.add(new Attempt(target, nowMs, nowMs + timing.timeoutMs(), order++));
        outbox.probe(id, target.host);
    }

    /** The host's kernel has answered this attempt. */
    public void onAnswer(long nowMs, long attempt, String how) {
        Attempt ended = end(attempt);
        if (ended == null) {
            return;
        }
        Target target = ended.target;
        boolean wasSilent = target.unanswered > 0;
        loss.onAnswer(target.unanswered);
        target.answeredAtMs = nowMs;
        target.answer = how;
        target.unanswered = 0;
        target.silentSinceMs = Long.MIN_VALUE;
        if (wasSilent && target.inRing) {
            outbox.changed(target.host);
        }
    }

    /** This host itself could not ask: that says nothing about the other one. */
    public void onUnable(long attempt) {
        end(attempt);
    }

    private Attempt end(long attempt) {
        Attempt ended = waiting.end(attempt);
        if (ended != null) {
            ended.target.open--;
        }
        return ended;
    }

    /** When {@link #onTimer} must be called at the latest. */
    public long nextDeadlineMs() {
        while (!turns.isEmpty() && turns.peek().isStale()) {
            turns.poll();
        }
        long turnMs = turns.isEmpty() ? Long.MAX_VALUE : turns.peek().atMs();
        return waiting.isEmpty() ? turnMs : Math.min(turnMs, waiting.first().endMs);
    }

    /** Does what is due. Answers that wait must be handed in before. */
    public void onTimer(long nowMs) {
        long firstMs = nextDeadlineMs();
        // answers may have come, and been thrown away by a kernel whose queues were full, while this process stood
        // still
        boolean stoodStill = lastTimerMs != Long.MIN_VALUE && nowMs - Math.max(firstMs, lastTimerMs) > timing.pauseMs();
        lastTimerMs = nowMs;
        while (nextDeadlineMs() <= nowMs) {
            if (turns.isEmpty() || (!waiting.isEmpty() && waiting.first().isBefore(turns.peek()))) {
                onTimeout(nowMs, waiting.firstId(), stoodStill);
            } else {
                onTurn(nowMs, turns.remove());
            }
        }
    }

    private void onTurn(long nowMs, Turn now) {
        Target target = now.target();
        if (!isWanted(nowMs, target)) {
            target.dropped = true;
            targets.remove(target.host);
            return;
        }
        boolean closely = nowMs < target.closeUntilMs;
        attempt(nowMs, target);
        long periodMs = closely ? timing.closePeriodMs() : timing.periodMs();
        plan(target, Math.max(now.atMs() + periodMs, nowMs));
    }

    private void onTimeout(long nowMs, long attempt, boolean stoodStill) {
        Attempt ended = end(attempt);
        outbox.abandon(attempt);
        Target target = ended.target;
        if (stoodStill || target.answeredAtMs >= ended.begunMs) {
            return; // we were not there to hear, or it has answered another attempt meanwhile
        }
        target.unanswered++;
        boolean first = target.unanswered == 1;
        target.silentSinceMs = first ? ended.begunMs : Math.min(target.silentSinceMs, ended.begunMs);
        if (target.inRing) {
            if (first) {
                outbox.changed(target.host);
            }
            if (nowMs - target.silentSinceMs < CLOSE_MOST_MS) {
                lookClosely(nowMs, target);
            }
        }
    }

    /** What can be said of one host now. */
    public Sighting sighting(long nowMs, String host) {
        Target target = targets.get(host);
        return target == null ? new Sighting(host, -1, "", 0, 0, 0) : sighting(nowMs, target);
    }

    /** What can be said of every host that is observed or looked at, by name. */
    public SortedMap<String, Sighting> sightings(long nowMs) {
        var all = new TreeMap<String, Sighting>();
        targets.forEach((host, target) -> all.put(host, sighting(nowMs, target)));
        return all;
    }

    /** Of the hosts of the ring, those that are silent now or were so a moment ago. */
    public List<Sighting> news(long nowMs, long withinMs) {
        var news = new ArrayList<Sighting>();
        for (Target target : targets.values()) {
            if (target.inRing && (target.unanswered > 0 || nowMs - target.closeUntilMs < withinMs)) {
                news.add(sighting(nowMs, target));
            }
        }
        return news;
    }

    private Sighting sighting(long nowMs, Target target) {
        return new Sighting(
                target.host,
                target.answeredAtMs == Long.MIN_VALUE ? -1 : nowMs - target.answeredAtMs,
                target.answer,
                target.unanswered == 0 ? 0 : nowMs - target.silentSinceMs,
                target.unanswered,
                loss.doubt(target.unanswered));
    }

    /** The share of attempts that living hosts have lately left unanswered. */
    public double lossShare() {
        return loss.share();
    }
}

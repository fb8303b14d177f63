package io.vmha.testcluster.ring;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Agents of one or both kinds that form one pool, measured at rest and when one of them is killed. */
final class Ring implements AutoCloseable {
    private static final Duration FORMING_MAX = Duration.ofMinutes(2);
    private static final Duration DETECTION_MAX = Duration.ofSeconds(90);
    private static final Duration SETTLING = Duration.ofSeconds(4);
    private static final Duration CALMING_MAX = Duration.ofSeconds(60);

    /** At rest a ring sends about as much in one window as in the one before. */
    private static final double CALM_SHARE = 0.95;

    private static final long STEP_NANOS = 20_000_000;

    private final Namespace namespace;
    private final List<RingAgent> agents = new ArrayList<>();
    private final SplittableRandom random;
    private final List<Long> killedAtNanos = new ArrayList<>();
    private int falseFailures;
    private int deaths;

    /**
     * What agents of one kind cost at rest, each of them and in each second.
     *
     * @param streamPackets those of TCP among the packets
     */
    record Cost(double packets, double streamPackets, double bytes, double cpuPercent, double residentMiB) {}

    /**
     * One death: seconds until agents of a kind noticed it.
     */
    record Death(Kind victim, Map<Kind, List<Double>> seconds) {}

    /**
     * Starts a pool with these agents and waits until each sees all.
     *
     * @param seed of the moments at which members are killed
     */
    Ring(String name, List<Kind> kinds, long seed) {
        random = new SplittableRandom(seed);
        namespace = Namespace.create(name);
        for (int i = 0; i < kinds.size(); i++) {
            agents.add(new RingAgent("m" + (i + 1), "127.9.0." + (i + 1), kinds.get(i), namespace));
        }
        namespace.count(agents.stream().map(RingAgent::address).toList());
        long beganNanos = System.nanoTime();
        RingAgent first = agents.get(0);
        first.start(Optional.empty());
        await(name + " has a first member", FORMING_MAX, () -> sees(first, first, beganNanos));
        for (RingAgent agent : agents.subList(1, agents.size())) {
            agent.start(Optional.of(first));
        }
        for (RingAgent agent : agents) {
            await(
                    name + ": " + agent.name() + " sees all members",
                    FORMING_MAX,
                    () -> agents.stream().allMatch(member -> sees(agent, member, beganNanos)));
        }
        awaitCalm();
    }

    /** The news of the forming have died away: with many members they go on for longer than everybody has heard them. */
    private void awaitCalm() {
        long endNanos = System.nanoTime() + CALMING_MAX.toNanos();
        long before = Long.MAX_VALUE;
        long last = packetsIn(SETTLING);
        while (last < CALM_SHARE * before && System.nanoTime() < endNanos) {
            before = last;
            last = packetsIn(SETTLING);
        }
    }

    private long packetsIn(Duration window) {
        long before = packets();
        pause(window);
        return packets() - before;
    }

    private long packets() {
        return namespace.sent().values().stream()
                .mapToLong(Namespace.Sent::packets)
                .sum();
    }

    private static boolean sees(RingAgent observer, RingAgent member, long sinceNanos) {
        return observer.since(sinceNanos, Sighting.JOIN, member.name()).isPresent();
    }

    private static void await(String what, Duration atMost, BooleanSupplier condition) {
        long endNanos = System.nanoTime() + atMost.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > endNanos) {
                throw new IllegalStateException(what + ": not within " + atMost);
            }
            LockSupport.parkNanos(STEP_NANOS);
        }
    }

    private static void pause(Duration duration) {
        long endNanos = System.nanoTime() + duration.toNanos();
        while (System.nanoTime() < endNanos) {
            LockSupport.parkNanos(STEP_NANOS);
        }
    }

    /** Lets the pool rest and says what that cost. */
    Map<Kind, Cost> rest(Duration window) {
        Map<String, Namespace.Sent> before = namespace.sent();
        List<Double> cpuBefore = agents.stream().map(RingAgent::cpuSeconds).toList();
        long beganNanos = System.nanoTime();
        pause(window);
        double seconds = (System.nanoTime() - beganNanos) / 1e9;
        Map<String, Namespace.Sent> after = namespace.sent();
        Map<Kind, Cost> costs = new EnumMap<>(Kind.class);
        for (Kind kind : Kind.values()) {
            double packets = 0;
            double streamPackets = 0;
            double bytes = 0;
            double cpu = 0;
            double memory = 0;
            int count = 0;
            for (int i = 0; i < agents.size(); i++) {
                RingAgent agent = agents.get(i);
                if (agent.kind() == kind) {
                    count++;
                    packets += after.get(agent.address()).packets()
                            - before.get(agent.address()).packets();
                    streamPackets += after.get(agent.address()).ofStreams()
                            - before.get(agent.address()).ofStreams();
                    bytes += after.get(agent.address()).bytes()
                            - before.get(agent.address()).bytes();
                    cpu += agent.cpuSeconds() - cpuBefore.get(i);
                    memory += agent.residentMiB();
                }
            }
            if (count > 0) {
                double each = count * seconds;
                costs.put(
                        kind,
                        new Cost(packets / each, streamPackets / each, bytes / each, 100 * cpu / each, memory / count));
            }
        }
        return costs;
    }

    /** Kills one member, waits until all others have noticed, and brings it back. */
    Death killOne() {
        RingAgent victim = agents.get(deaths++ % agents.size());
        pause(Duration.ofMillis(random.nextInt(1_000))); // at any moment of the others' rounds
        victim.kill();
        long killed = System.nanoTime();
        killedAtNanos.add(killed);
        List<RingAgent> observers =
                agents.stream().filter(agent -> agent != victim).toList();
        Map<Kind, List<Double>> seconds = new EnumMap<>(Kind.class);
        for (RingAgent observer : observers) {
            await(
                    observer.name() + " notices the death of " + victim.name(),
                    DETECTION_MAX,
                    () -> observer.since(killed, Sighting.FAILED, victim.name()).isPresent());
            Sighting noticed =
                    observer.since(killed, Sighting.FAILED, victim.name()).orElseThrow();
            seconds.computeIfAbsent(observer.kind(), any -> new ArrayList<>()).add((noticed.atNanos() - killed) / 1e9);
        }
        long restarted = System.nanoTime();
        victim.start(Optional.of(observers.get(0)));
        for (RingAgent observer : observers) {
            await(
                    observer.name() + " sees " + victim.name() + " again",
                    FORMING_MAX,
                    () -> sees(observer, victim, restarted));
        }
        falseFailures += falselyAccused(victim, killed);
        pause(SETTLING);
        return new Death(victim.kind(), seconds);
    }

    private int falselyAccused(RingAgent victim, long sinceNanos) {
        int accusations = 0;
        for (RingAgent agent : agents) {
            accusations += (int) agent.sightings().stream()
                    .filter(seen -> seen.atNanos() >= sinceNanos)
                    .filter(seen -> seen.event().equals(Sighting.FAILED))
                    .filter(seen -> !seen.member().equals(victim.name()))
                    .count();
        }
        return accusations;
    }

    /** How often an agent took a living one for dead. */
    int falseFailures() {
        if (killedAtNanos.isEmpty()) {
            return (int) agents.stream()
                    .flatMap(agent -> agent.sightings().stream())
                    .filter(seen -> seen.event().equals(Sighting.FAILED))
                    .count();
        }
        return falseFailures;
    }

    @Override
    public void close() {
        agents.stream().filter(RingAgent::isRunning).forEach(RingAgent::kill);
        namespace.close();
    }
}

package io.vmha.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The randomness of one component of a simulation. Each component has its own, so that one that asks more often does not change what the
 * others get.
 */
public final class Dice {
    private final SplittableRandom random;

    Dice(long seed) {
        this.random = new SplittableRandom(seed);
    }

    /** True in {@code percent} of all cases. */
    public boolean chance(double percent) {
        return random.nextDouble() * 100 < percent;
    }

    /** A number from {@code least} to {@code most}, both included. */
    public long between(long least, long most) {
        return random.nextLong(least, most + 1);
    }

    /** A duration in milliseconds that is mostly near {@code least} and seldom near {@code most}: what networks and disks do. */
    public long mostly(long least, long most) {
        double x = random.nextDouble();
        return least + (long) ((most - least) * x * x * x * x);
    }

    /** One of them. */
    public <T> T pick(List<T> choices) {
        return choices.get(random.nextInt(choices.size()));
    }

    /** All of them, in random order. */
    public <T> List<T> shuffled(List<T> items) {
        var rest = new ArrayList<>(items);
        var shuffled = new ArrayList<T>(items.size());
        while (!rest.isEmpty()) {
            shuffled.add(rest.remove(random.nextInt(rest.size())));
        }
        return shuffled;
    }

    /** A seed for a random source of the code under test. */
    public long seed() {
        return random.nextLong();
    }
}

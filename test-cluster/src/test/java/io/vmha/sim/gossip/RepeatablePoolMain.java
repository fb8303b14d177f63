package io.vmha.sim.gossip;

import java.nio.charset.StandardCharsets;

/** Prints the hash of one run of a pool; started in a JVM of its own by {@link RepeatablePoolTest}. */
final class RepeatablePoolMain {
    private RepeatablePoolMain() {}

    public static void main(String[] args) {
        byte[] line = (RepeatablePoolTest.said() + "\n").getBytes(StandardCharsets.UTF_8);
        System.out.write(line, 0, line.length);
        System.out.flush();
    }
}

package io.vmha.sim.recovery;

import java.nio.charset.StandardCharsets;

/** Prints the hash of one run; started in a JVM of its own by {@link RepeatableRunTest}. */
final class RepeatableRunMain {
    private RepeatableRunMain() {}

    public static void main(String[] args) {
        RecoveryRun.Summary run = RecoveryRun.run(Scenario.named(args[0]), Long.parseLong(args[1]));
        byte[] line = (run.hash() + " after " + run.events() + " events\n").getBytes(StandardCharsets.UTF_8);
        System.out.write(line, 0, line.length);
        System.out.flush();
    }
}

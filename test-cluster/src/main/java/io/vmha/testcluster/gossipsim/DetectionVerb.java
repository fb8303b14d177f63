package io.vmha.testcluster.gossipsim;

import io.vmha.sim.gossip.DetectionRun;
import io.vmha.testcluster.bench.Count;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code gossip-sim detection}: the experiment of {@code gossip-bench}, in virtual time. */
@Command(
        name = "detection",
        mixinStandardHelpOptions = true,
        description = {
            "Kills members of quiet rings one by one, at memberlist's own timing, and prints after how long the others"
                    + " declare them dead: to be compared with what gossip-bench measures of real agents.",
            "Exit status: 0 done, 1 a healthy node was taken for dead."
        })
final class DetectionVerb implements Callable<Integer> {
    @Option(
            names = "--sizes",
            converter = PoolSize.class,
            split = ",",
            paramLabel = "N",
            defaultValue = "5,20,50",
            description = "ring sizes (default: ${DEFAULT-VALUE})")
    private List<Integer> sizes;

    @Option(
            names = "--deaths",
            converter = Count.class,
            paramLabel = "N",
            defaultValue = "1000",
            description = "deaths in each ring (default: ${DEFAULT-VALUE})")
    private int deaths;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "which run (default: ${DEFAULT-VALUE})")
    private long seed;

    DetectionVerb() {}

    @Override
    public Integer call() {
        System.out.println("| nodes | deaths | first sees a death, s | last, s | false |");
        System.out.println("|---|---|---|---|---|");
        long falsely = 0;
        for (int size : sizes) {
            DetectionRun.Medians found = DetectionRun.run(size, deaths, seed);
            falsely += found.falseFailures();
            System.out.println(String.format(
                    Locale.ROOT,
                    "| %d | %d | %.2f | %.2f | %d |",
                    size,
                    deaths,
                    found.firstMs() / 1000.0,
                    found.lastMs() / 1000.0,
                    found.falseFailures()));
        }
        return falsely == 0 ? 0 : 1;
    }
}

package io.vmha.testcluster.gossipsim;

import io.vmha.sim.verdict.VerdictCell;
import io.vmha.sim.verdict.VerdictRun;
import io.vmha.testcluster.bench.Count;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code gossip-sim verdict}: how soon after silent deaths the leader knows of them, and who is accused in noise. */
@Command(
        name = "verdict",
        mixinStandardHelpOptions = true,
        description = {
            "The fast verdict with the product's observers and its leader's controller: one host dies, or a quarter of"
                    + " them at once, in pools of all sizes; then noise in which nobody dies.",
            "Exit status: 0 done, 1 a host in reach was called unheard or declared dead."
        })
final class VerdictVerb implements Callable<Integer> {
    private static final List<Integer> SIZES = List.of(5, 20, 50, 200, 1_000);
    private static final List<Integer> LOSSES = List.of(0, 5, 20, 30, 50);
    private static final int NOISY_HOSTS = 20;

    @Option(
            names = "--deaths",
            converter = Count.class,
            paramLabel = "N",
            defaultValue = "200",
            description = "deaths in each line, at least (default: ${DEFAULT-VALUE})")
    private int deaths;

    @Option(
            names = "--minutes",
            converter = Count.class,
            paramLabel = "N",
            defaultValue = "10",
            description = "virtual minutes of each kind of noise (default: ${DEFAULT-VALUE})")
    private int minutes;

    @Option(
            names = "--hosts",
            converter = Count.class,
            paramLabel = "N",
            defaultValue = "1000",
            description = "the largest pool (default: ${DEFAULT-VALUE})")
    private int hostsMost;

    private int falsely;

    VerdictVerb() {}

    @Override
    public Integer call() {
        System.out.println("| hosts | dying | deaths | unheard p50 | p99 | most | declared p50 | p99 | most | false |");
        System.out.println("|---|---|---|---|---|---|---|---|---|---|");
        for (int hosts : SIZES) {
            if (hosts <= hostsMost) {
                deaths(VerdictCell.deaths(hosts, 1));
                deaths(VerdictCell.deaths(hosts, Math.max(1, hosts / 4)));
            }
        }
        deaths(VerdictCell.deaths(NOISY_HOSTS, 1).withoutBmcs());
        System.out.println();
        System.out.println("| noise | hosts | virtual minutes | false |");
        System.out.println("|---|---|---|---|");
        for (int loss : LOSSES) {
            noise(VerdictCell.noise(NOISY_HOSTS, VerdictCell.Trouble.NONE, loss));
        }
        for (VerdictCell.Trouble trouble : VerdictCell.Trouble.values()) {
            if (trouble != VerdictCell.Trouble.NONE) {
                noise(VerdictCell.noise(NOISY_HOSTS, trouble, 0));
            }
        }
        return falsely == 0 ? 0 : 1;
    }

    private void deaths(VerdictCell cell) {
        var unheard = new ArrayList<Long>();
        var declared = new ArrayList<Long>();
        int accused = 0;
        for (long seed = 1; unheard.size() < deaths; seed++) {
            VerdictRun.Summary run = VerdictRun.run(cell, seed);
            unheard.addAll(run.unheard());
            declared.addAll(run.declared());
            accused += run.falsely().size();
        }
        falsely += accused;
        System.out.println(String.format(
                Locale.ROOT,
                "| %s | %d | %d | %d | %d | %d | %d | %d | %d | %d |",
                cell.bmcs() ? cell.hosts() : cell.hosts() + ", BMCs too",
                cell.dying(),
                unheard.size(),
                share(unheard, 50),
                share(unheard, 99),
                share(unheard, 100),
                share(declared, 50),
                share(declared, 99),
                share(declared, 100),
                accused));
    }

    private void noise(VerdictCell cell) {
        int accused = 0;
        for (long seed = 1; seed <= minutes; seed++) {
            accused += VerdictRun.run(cell, seed).falsely().size();
        }
        falsely += accused;
        System.out.println(
                String.format(Locale.ROOT, "| %s | %d | %d | %d |", cell.name(), cell.hosts(), minutes, accused));
    }

    private static long share(List<Long> values, int percent) {
        Collections.sort(values);
        return values.get(Math.min(values.size() - 1, values.size() * percent / 100));
    }
}

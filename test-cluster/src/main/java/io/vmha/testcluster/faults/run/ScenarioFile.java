package io.vmha.testcluster.faults.run;

import io.vmha.testcluster.faults.lab.GuestPlan;
import io.vmha.testcluster.faults.nemesis.Nemeses;
import io.vmha.testcluster.faults.run.Scenario.Expectation;
import io.vmha.testcluster.faults.run.Scenario.Step;
import io.vmha.testcluster.faults.run.Scenario.What;
import io.vmha.testcluster.faults.workload.Workload;
import io.vmha.testcluster.faults.workload.Workloads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads scenarios. A line each: {@code title …}, {@code hosts N}, {@code vms N}, {@code seed N}, {@code guests processes|qemu},
 * {@code proof bmc|lease|bmc,lease}, {@code workload NAME…}, {@code at TIME NEMESIS [on 2,3|leader] [for TIME]}, {@code expect evacuated|fenced none|2,3}, {@code expect paused 2,3}, {@code expect story WORDS}. What follows # is a remark.
 */
public final class ScenarioFile {
    private static final Pattern TIME = Pattern.compile("(\\d{1,6})(ms|s|m)");
    private static final Pattern AT = Pattern.compile("at (\\S+) (\\S+)(?: on (\\S+))?(?: for (\\S+))?");
    private static final String LEADER = "leader";
    private static final int NUMBER_MAX = 1_000_000;

    private final String name;
    private final List<String> problems = new ArrayList<>();
    private String title = "";
    private int hosts = 5;
    private int vms = 2;
    private long seed = 1;
    private String guests = "";
    private String proof = "";
    private final List<Workload> workloads = new ArrayList<>();
    private final List<Step> steps = new ArrayList<>();
    private final List<Expectation> expectations = new ArrayList<>();

    private ScenarioFile(String name) {
        this.name = name;
    }

    /**
     * Reads one file.
     *
     * @throws IllegalArgumentException with every problem and its line
     */
    public static Scenario read(Path file) {
        try {
            return parse(file.getFileName().toString().replaceAll("\\.scenario$", ""), Files.readAllLines(file));
        } catch (IOException e) {
            throw new IllegalArgumentException("the scenario " + file + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** Reads a scenario's lines. */
    public static Scenario parse(String name, List<String> lines) {
        var reader = new ScenarioFile(name);
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).replaceAll("#.*", "").strip().replaceAll("\\s+", " ");
            if (!line.isEmpty()) {
                reader.line(line, i + 1);
            }
        }
        if (reader.title.isEmpty()) {
            reader.problems.add(name + ": a line 'title …' is missing");
        }
        Optional<GuestPlan> plan = reader.guestPlan();
        if (!reader.problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", reader.problems));
        }
        return new Scenario(
                name,
                reader.title,
                reader.hosts,
                reader.vms,
                reader.seed,
                reader.workloads,
                reader.steps,
                reader.expectations,
                plan);
    }

    private void line(String line, int number) {
        String[] words = line.split(" ", 2);
        String rest = words.length > 1 ? words[1] : "";
        switch (words[0]) {
            case "title" -> title = rest;
            case "hosts" -> hosts = (int) count(rest, number, hosts);
            case "vms" -> vms = (int) count(rest, number, vms);
            case "guests" -> guests = rest;
            case "proof" -> proof = rest;
            case "seed" -> seed = count(rest, number, seed);
            case "workload" -> workloads(rest, number);
            case "at" -> step(line, number);
            case "expect" -> expectation(rest, number);
            default ->
                problem(
                        number,
                        "expected title, hosts, vms, guests, proof, seed, workload, at or expect but found '" + words[0]
                                + "'");
        }
    }

    private Optional<GuestPlan> guestPlan() {
        if (guests.isEmpty() && proof.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(GuestPlan.of(guests.isEmpty() ? "processes" : guests, proof));
        } catch (IllegalArgumentException e) {
            problems.add(name + ": " + e.getMessage());
            return Optional.empty();
        }
    }

    private void problem(int number, String words) {
        problems.add(name + ", line " + number + ": " + words);
    }

    /** The number, or what it was before if it is none. */
    private long count(String text, int number, long otherwise) {
        if (text.matches("\\d{1,7}") && Integer.parseInt(text) <= NUMBER_MAX) {
            return Long.parseLong(text);
        }
        problem(number, "expected a number up to " + NUMBER_MAX + " but found '" + text + "'");
        return otherwise;
    }

    private void workloads(String rest, int number) {
        for (String word : rest.split(" ", -1)) {
            Workloads.named(word)
                    .ifPresentOrElse(
                            workloads::add,
                            () -> problem(
                                    number,
                                    "there is no workload '" + word + "'; there are "
                                            + Workloads.all().stream()
                                                    .map(Workload::name)
                                                    .toList()));
        }
    }

    private void step(String line, int number) {
        Matcher at = AT.matcher(line);
        if (!at.matches()) {
            problem(number, "expected 'at TIME NEMESIS [on 2,3|leader] [for TIME]' but found '" + line + "'");
            return;
        }
        long atMs = time(at.group(1), number);
        var nemesis = Nemeses.named(at.group(2));
        if (nemesis.isEmpty()) {
            problem(number, "there is no nemesis '" + at.group(2) + "'; see: faults list");
            return;
        }
        boolean onLeader = LEADER.equals(at.group(3));
        List<Integer> chosen = at.group(3) == null || onLeader ? List.of() : hostNumbers(at.group(3), number);
        long lasts = at.group(4) == null ? nemesis.get().shortestMs() : time(at.group(4), number);
        steps.add(new Step(atMs, nemesis.get(), chosen, onLeader, lasts));
    }

    private List<Integer> hostNumbers(String text, int number) {
        var numbers = new ArrayList<Integer>();
        for (String word : text.split(",", -1)) {
            if (word.matches("\\d{1,2}") && Integer.parseInt(word) >= 1 && Integer.parseInt(word) <= hosts) {
                numbers.add(Integer.parseInt(word));
            } else {
                problem(number, "hosts are 1 to " + hosts + " but found '" + word + "'");
            }
        }
        return numbers;
    }

    private long time(String text, int number) {
        Matcher time = TIME.matcher(text);
        if (!time.matches()) {
            problem(number, "a time is written 500ms, 10s or 2m but is '" + text + "'");
            return 0;
        }
        long amount = Long.parseLong(time.group(1));
        return switch (time.group(2)) {
            case "ms" -> amount;
            case "s" -> amount * 1_000;
            default -> amount * 60_000;
        };
    }

    private void expectation(String rest, int number) {
        String[] words = rest.split(" ", 2);
        String argument = words.length > 1 ? words[1] : "";
        switch (words[0]) {
            case "evacuated", "fenced", "paused" -> {
                List<String> names = argument.equals("none")
                        ? List.of()
                        : hostNumbers(argument, number).stream()
                                .map(n -> "hv-" + n)
                                .toList();
                expectations.add(new Expectation(What.valueOf(words[0].toUpperCase(Locale.ROOT)), names));
            }
            case "story" -> expectations.add(new Expectation(What.STORY, Arrays.asList(argument)));
            default ->
                problem(
                        number,
                        "expected evacuated, fenced, paused or story after expect but found '" + words[0] + "'");
        }
    }
}

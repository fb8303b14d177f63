package io.vmha.testcluster.faults.run;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.testcluster.faults.check.Finding;
import io.vmha.testcluster.faults.check.Finding.Verdict;
import io.vmha.testcluster.faults.history.Event;
import io.vmha.testcluster.faults.history.History;
import io.vmha.testcluster.faults.history.Kinds;
import io.vmha.testcluster.faults.run.Scenario.Expectation;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** What a scenario expects, against the history of its run. */
public final class Expectations {
    /** Nothing but a pause takes a guest so long. */
    private static final long PAUSE_MS = 3_000;

    private Expectations() {}

    /** One finding for all of them. */
    public static Finding check(Scenario scenario, History history) {
        var against = new ArrayList<String>();
        for (Expectation expectation : scenario.expectations()) {
            switch (expectation.what()) {
                case EVACUATED -> compare("evacuated", expectation.words(), evacuated(history), against);
                case FENCED -> compare("fenced", expectation.words(), fenced(history), against);
                case PAUSED -> {
                    var wanting = new TreeSet<>(expectation.words());
                    wanting.removeAll(paused(history));
                    if (!wanting.isEmpty()) {
                        against.add("no guest of " + wanting + " stood still for " + PAUSE_MS + " ms and went on");
                    }
                }
                case STORY -> {
                    String words = String.join(" ", expectation.words());
                    boolean told = history.of(Kinds.REPLICA).stream()
                            .anyMatch(replica ->
                                    replica.data().path("incidents").toString().contains(words));
                    if (!told) {
                        against.add("no incident's story says '" + words + "'");
                    }
                }
            }
        }
        String summary = scenario.expectations().size() + " expectations of " + scenario.name();
        return new Finding(against.isEmpty() ? Verdict.HELD : Verdict.VIOLATED, summary, against);
    }

    private static void compare(String what, List<String> wanted, Set<String> seen, List<String> against) {
        if (!seen.equals(new TreeSet<>(wanted))) {
            against.add("expected " + what + ": " + new TreeSet<>(wanted) + ", seen: " + seen);
        }
    }

    private static Set<String> evacuated(History history) {
        var hosts = new TreeSet<String>();
        for (Event call : history.of(Kinds.NOVA)) {
            JsonNode source = call.data().at("/evidence/source");
            if (call.data().has("evacuates") && call.isTrue("accepted") && source.isTextual()) {
                hosts.add(source.asText());
            }
        }
        return hosts;
    }

    /** Since the first fault: while a group forms, leases are short. */
    private static Set<String> paused(History history) {
        long sinceMs =
                history.of(Kinds.FAULT).stream().mapToLong(Event::atMs).min().orElse(Long.MAX_VALUE);
        var hosts = new TreeSet<String>();
        for (Event life : history.of(Kinds.GUEST)) {
            for (JsonNode gap : life.data().path("gaps")) {
                long from = gap.path(0).asLong();
                if (from >= sinceMs && gap.path(1).asLong() - from >= PAUSE_MS) {
                    hosts.add(life.text("host"));
                }
            }
        }
        return hosts;
    }

    private static Set<String> fenced(History history) {
        var hosts = new TreeSet<String>();
        for (Event power : history.of(Kinds.POWER)) {
            if (!power.isTrue("on") && power.text("by").equals("its BMC")) {
                hosts.add(power.text("host"));
            }
        }
        return hosts;
    }
}

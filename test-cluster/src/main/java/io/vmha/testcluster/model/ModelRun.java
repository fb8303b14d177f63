package io.vmha.testcluster.model;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One question to TLC: a module, a scope, and what is expected.
 *
 * @param module the specification, such as {@code Lease}
 * @param scope how long it takes
 * @param expectedFailure the invariant that must fail; empty if all must hold
 * @param settings constants by name, and {@code spec}, {@code invariants}, {@code property}, {@code symmetry}
 */
public record ModelRun(
        String name, String module, Scope scope, Optional<String> expectedFailure, SortedMap<String, String> settings) {
    private static final List<String> OWN = List.of("spec", "invariants", "property", "symmetry");

    /** How long a run takes. */
    public enum Scope {
        /** seconds: part of the tests */
        small,
        /** minutes to hours: for a documented long run */
        large
    }

    public ModelRun {
        settings = Collections.unmodifiableSortedMap(new TreeMap<>(settings));
    }

    /** The file that tells TLC the same, in its own format. */
    public String configuration() {
        var lines = new ArrayList<String>();
        lines.add("SPECIFICATION " + settings.getOrDefault("spec", "Spec"));
        lines.add("CONSTANTS");
        for (Map.Entry<String, String> constant : settings.entrySet()) {
            if (!OWN.contains(constant.getKey())) {
                lines.add("  " + constant.getKey() + " = " + constant.getValue());
            }
        }
        String property = settings.get("property");
        if (property != null) {
            lines.add("PROPERTY " + property);
        } else {
            lines.add("INVARIANTS " + settings.getOrDefault("invariants", "").replace(',', ' '));
        }
        String symmetry = settings.getOrDefault("symmetry", "none");
        if (!symmetry.equals("none")) {
            lines.add("SYMMETRY " + symmetry);
        }
        return String.join("\n", lines) + "\n";
    }
}

package io.vmha.node.config;

import io.vmha.recovery.core.EvacuationPolicy;
import java.util.List;

/** Which VMs of a dead host are recovered: the keys of {@code recovery} that make up an AZ's policy. */
final class PolicySection {
    private static final int ENTRIES_MAX = 200;

    private PolicySection() {}

    static EvacuationPolicy read(Settings recovery) {
        Settings leave = recovery.section("leave");
        var policy = new EvacuationPolicy(
                oneOf(recovery, "select", List.of("all", "tagged")).equals("tagged"),
                oneOf(recovery, "lost_disks", List.of("leave", "rebuild")).equals("rebuild"),
                recovery.texts("projects", ENTRIES_MAX),
                leave.texts("projects", ENTRIES_MAX),
                leave.has("names") ? leave.texts("names", ENTRIES_MAX) : EvacuationPolicy.MANAGED_NAMES,
                leave.texts("image_tags", ENTRIES_MAX));
        leave.refuseUnknownKeys();
        return policy;
    }

    /** The first one where the key is absent. */
    private static String oneOf(Settings section, String key, List<String> words) {
        String word = section.text(key).orElse(words.get(0));
        if (!words.contains(word)) {
            section.problem(key, "must be " + String.join(" or ", words) + " but is '" + word + "'");
        }
        return word;
    }
}

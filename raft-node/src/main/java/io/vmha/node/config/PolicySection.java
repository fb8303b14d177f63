package io.vmha.node.config;

import io.vmha.recovery.core.EvacuationPolicy;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.ReservedHosts;
import java.util.List;
import java.util.Set;

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
                leave.texts("image_tags", ENTRIES_MAX),
                reserved(recovery));
        leave.refuseUnknownKeys();
        return policy;
    }

    private static ReservedHosts reserved(Settings recovery) {
        Settings section = recovery.section("reserved");
        List<String> names = section.texts("hosts", ENTRIES_MAX);
        if (Set.copyOf(names).size() != names.size()) {
            section.problem("hosts", "must name each host once but is " + names);
        }
        List<String> strange = names.stream()
                .filter(name -> !HostIdentity.HOST.matcher(name).matches())
                .toList();
        if (!strange.isEmpty()) {
            section.problem(
                    "hosts",
                    "must be names that `openstack compute service list` shows, of letters, digits, '.', '_' and '-',"
                            + " but has "
                            + strange);
        }
        List<HostName> hosts =
                strange.isEmpty() ? names.stream().map(HostName::new).toList() : List.of();
        var reserved = new ReservedHosts(hosts, section.flag("join", false));
        section.refuseUnknownKeys();
        return reserved;
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

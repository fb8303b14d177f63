package io.vmha.testcluster.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * What the demonstration measured, in seconds from the moment the power was cut.
 *
 * @param verdict an incident was declared
 * @param certificate the last dead host was proven off
 * @param firstCall the first evacuate call was committed
 * @param lastActive Nova showed the last VM ACTIVE on another host, as read by the demonstration itself
 */
record DemoReport(
        String cloud,
        List<String> deadHosts,
        OptionalDouble verdict,
        OptionalDouble certificate,
        OptionalDouble firstCall,
        OptionalDouble lastActive,
        List<Line> vms,
        List<String> runningTwice,
        List<String> complaints) {
    /** One VM of a dead host: where it was and where Nova has it now. */
    record Line(String name, String from, String to, String status, boolean recovered) {}

    /** True only if every VM of the dead hosts is ACTIVE elsewhere and none ran twice. */
    boolean isGood() {
        return complaints.isEmpty()
                && runningTwice.isEmpty()
                && !vms.isEmpty()
                && vms.stream().allMatch(Line::recovered);
    }

    /** The times of the incidents in a view, in seconds after the cut. */
    static List<Double> times(JsonNode view, String what, long cutAtWallMs) {
        var times = new ArrayList<Double>();
        for (JsonNode incident : view.path("incidents")) {
            if (what.equals("opened")) {
                times.add(incident.path("opened_at_ms").asDouble());
            }
            for (JsonNode host : incident.path("recoveries")) {
                if (what.equals("certificate")) {
                    times.add(host.at("/certificate/committed_at_ms").asDouble());
                }
                if (what.equals("call")) {
                    host.path("vms")
                            .forEach(vm -> times.add(vm.path("requested_at_ms").asDouble()));
                }
            }
        }
        return times.stream()
                .filter(at -> at > 0)
                .map(at -> (at - cutAtWallMs) / 1000.0)
                .sorted()
                .toList();
    }

    static OptionalDouble first(List<Double> times) {
        return times.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(times.get(0));
    }

    static OptionalDouble last(List<Double> times) {
        return times.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(times.get(times.size() - 1));
    }

    void print(Screen screen) {
        screen.title("Report");
        screen.line("  cloud          " + cloud);
        screen.line("  power cut at   " + String.join(", ", deadHosts));
        screen.line("  declared dead  " + seconds(verdict));
        screen.line("  proven off     " + seconds(certificate));
        screen.line("  first evacuate " + seconds(firstCall));
        screen.line("  last VM ACTIVE " + seconds(lastActive));
        screen.line("");
        screen.line(String.format(Locale.ROOT, "  %-16s %-10s %-10s %s", "VM", "was on", "is on", "status"));
        for (Line vm : vms) {
            String row =
                    String.format(Locale.ROOT, "  %-16s %-10s %-10s %s", vm.name(), vm.from(), vm.to(), vm.status());
            screen.line(vm.recovered() ? row : screen.bad(row));
        }
        screen.line("");
        runningTwice.forEach(twice -> screen.line("  " + screen.bad("RAN TWICE: " + twice)));
        complaints.forEach(complaint -> screen.line("  " + screen.bad(complaint)));
        screen.line(
                isGood()
                        ? "  "
                                + screen.good(
                                        "All " + vms.size()
                                                + " VMs are ACTIVE elsewhere; none ran twice (checked in Nova and on the hosts).")
                        : "  " + screen.bad("The recovery is NOT complete."));
    }

    ObjectNode json() {
        ObjectNode node = new ObjectMapper().createObjectNode();
        node.put("cloud", cloud).put("good", isGood());
        deadHosts.forEach(node.putArray("dead_hosts")::add);
        put(node, "verdict_s", verdict);
        put(node, "certificate_s", certificate);
        put(node, "first_evacuate_s", firstCall);
        put(node, "last_active_s", lastActive);
        var list = node.putArray("vms");
        vms.forEach(vm -> list.addObject()
                .put("name", vm.name())
                .put("from", vm.from())
                .put("to", vm.to())
                .put("status", vm.status())
                .put("recovered", vm.recovered()));
        runningTwice.forEach(node.putArray("ran_twice")::add);
        complaints.forEach(node.putArray("complaints")::add);
        return node;
    }

    private static void put(ObjectNode node, String name, OptionalDouble value) {
        if (value.isPresent()) {
            node.put(name, value.getAsDouble());
        } else {
            node.putNull(name);
        }
    }

    private static String seconds(OptionalDouble value) {
        return value.isPresent() ? String.format(Locale.ROOT, "%6.2f s after the cut", value.getAsDouble()) : "never";
    }
}

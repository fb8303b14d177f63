package io.vmha.testcluster.faults.check;

import io.vmha.testcluster.faults.history.Event;
import io.vmha.testcluster.faults.history.History;
import io.vmha.testcluster.faults.history.Kinds;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** I4: who said that it leads, and who called Nova. */
final class Leaders {
    private Leaders() {}

    static Finding onePerTerm(History history) {
        Map<Long, Set<String>> leaders = new TreeMap<>();
        for (Event view : history.of(Kinds.VIEW)) {
            if (view.text("role").equals("leader")) {
                leaders.computeIfAbsent(view.number("term", -1), term -> new TreeSet<>())
                        .add(view.text("host"));
            }
        }
        var against = new ArrayList<String>();
        leaders.forEach((term, hosts) -> {
            if (hosts.size() > 1) {
                against.add("term " + term + " has the leaders " + hosts);
            }
        });
        List<Event> calls = Calls.evacuations(history);
        int judged = 0;
        for (Event call : calls) {
            String role = call.data().at("/evidence/caller_role").asText("");
            long term = call.data().at("/evidence/caller_term").asLong(-1);
            judged += role.isEmpty() ? 0 : 1;
            boolean another = leaders.containsKey(term) && !leaders.get(term).contains(call.text("caller"));
            if (role.equals("leader") && another) {
                against.add(call.atMs() + " ms: " + call.text("caller") + " evacuates as the leader of term " + term
                        + ", which is " + leaders.get(term));
            }
        }
        return Finding.of(
                leaders.size() + " terms with a leader, " + judged + " of " + calls.size()
                        + " evacuate calls with a caller that could be asked",
                against,
                List.of());
    }
}

package io.vmha.testcluster.faults.check;

import io.vmha.testcluster.faults.history.Event;
import io.vmha.testcluster.faults.history.History;
import io.vmha.testcluster.faults.history.Kinds;
import io.vmha.testcluster.history.LinearizabilityChecker;
import io.vmha.testcluster.history.LinearizabilityChecker.Budget;
import io.vmha.testcluster.history.Models;
import io.vmha.testcluster.history.Operation;
import io.vmha.testcluster.history.Operation.Action;
import io.vmha.testcluster.history.Operation.Outcome;
import io.vmha.testcluster.history.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** I5: what clients asked of the store and were told could have been told by one store that does one thing after the other. */
final class Store {
    private Store() {}

    static Finding linearizable(History history) {
        Map<String, List<Operation>> objects = new TreeMap<>();
        for (Event event : history.of(Kinds.OPERATION)) {
            objects.computeIfAbsent(event.text("object"), object -> new ArrayList<>())
                    .add(operation(event));
        }
        long acknowledged = objects.values().stream()
                .flatMap(List::stream)
                .filter(operation -> operation.outcome() == Outcome.DONE)
                .count();
        var against = new ArrayList<String>();
        var doubts = new ArrayList<String>();
        objects.forEach((object, operations) -> {
            Verdict verdict = judge(object, operations);
            if (verdict instanceof Verdict.Wrong) {
                against.add(object + ": " + verdict.explanation());
            } else if (verdict instanceof Verdict.Undecided) {
                doubts.add(object + ": " + verdict.explanation());
            }
        });
        if (acknowledged == 0) {
            doubts.add("no operation on the store was answered in this history");
        }
        return Finding.of(acknowledged + " answered operations on " + objects.keySet(), against, doubts);
    }

    private static Verdict judge(String object, List<Operation> operations) {
        return switch (object) {
            case "append" -> new LinearizabilityChecker<>(Models.appendList(), Budget.USUAL).check(operations);
            case "lock" -> new LinearizabilityChecker<>(Models.lock(), Budget.USUAL).check(operations);
            default -> new LinearizabilityChecker<>(Models.register(), Budget.USUAL).check(operations);
        };
    }

    private static Operation operation(Event event) {
        return new Operation(
                event.text("client"),
                event.text("key"),
                Action.valueOf(event.text("action")),
                event.text("argument"),
                Optional.ofNullable(event.data().get("expected")).map(node -> node.asText()),
                Optional.ofNullable(event.data().get("answer")).map(node -> node.asText()),
                Outcome.valueOf(event.text("outcome")),
                event.number("from_ns", 0),
                event.number("to_ns", 0));
    }
}

package io.vmha.testcluster.faults.check;

import io.vmha.testcluster.faults.history.Event;
import io.vmha.testcluster.faults.history.History;
import io.vmha.testcluster.faults.history.Kinds;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** I2 and I9: what must be true at the moment at which an evacuate call reaches Nova. */
final class Calls {
    private Calls() {}

    /** The evacuate calls that reached Nova, whatever it answered. */
    static List<Event> evacuations(History history) {
        return history.of(Kinds.NOVA).stream()
                .filter(call -> call.data().has("evacuates") && call.isTrue("committed"))
                .toList();
    }

    /** The replicas are asked while the call is held up: what one of them has applied is committed. */
    static Finding certified(History history) {
        var against = new ArrayList<String>();
        var doubts = new ArrayList<String>();
        List<Event> calls = evacuations(history);
        for (Event call : calls) {
            int answered = call.data().at("/evidence/answered").asInt();
            int certified = call.data().at("/evidence/certified").size();
            String what = call.atMs() + " ms: " + call.text("caller") + " evacuates " + call.text("evacuates");
            if (certified == 0 && answered == 0) {
                doubts.add(what + ", and no replica answered at that moment");
            } else if (certified == 0) {
                against.add(what + ", but none of " + answered + " replicas has a certificate");
            }
        }
        return Finding.of(calls.size() + " evacuate calls", against, doubts);
    }

    static Finding oldCopyIsDead(History history) {
        Map<String, List<Event>> lives = GuestLives.byVm(history.of(Kinds.GUEST));
        var against = new ArrayList<String>();
        List<Event> calls = evacuations(history);
        for (Event call : calls) {
            for (Event life : lives.getOrDefault(call.text("evacuates"), List.of())) {
                if (life.number("from_ms", 0) < call.atMs() && life.number("to_ms", 0) > call.atMs()) {
                    against.add(call.text("evacuates") + " beats on " + life.text("host") + " until "
                            + life.number("to_ms", 0) + " ms, but was evacuated at " + call.atMs() + " ms by "
                            + call.text("caller"));
                }
            }
        }
        return Finding.of(calls.size() + " evacuate calls", against, List.of());
    }
}

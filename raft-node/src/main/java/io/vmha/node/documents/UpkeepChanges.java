package io.vmha.node.documents;

import io.vmha.node.view.NodeRequests.Answer;
import io.vmha.node.view.UpkeepRequests;
import io.vmha.recovery.core.Drain;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.ServerId;
import java.util.concurrent.CompletableFuture;

/** What operators ask for living hosts and their VMs, taken out of a call that a named person has made. */
final class UpkeepChanges {
    private static final String PARALLEL = "parallel";
    private static final int PARALLEL_USUAL = 2;

    private final UpkeepRequests requests;

    UpkeepChanges(UpkeepRequests requests) {
        this.requests = requests;
    }

    CompletableFuture<Answer> drain(Call call, String host, String person) {
        var query = call.target().query();
        String fallback = query.getOrDefault("fallback", "none");
        if (!fallback.equals("none") && !fallback.equals("cold")) {
            return wrong("expected ?fallback=none or ?fallback=cold but found '" + fallback + "'");
        }
        String parallel = query.getOrDefault(PARALLEL, Integer.toString(PARALLEL_USUAL));
        if (!parallel.matches("[0-9]{1,3}")
                || Integer.parseInt(parallel) < 1
                || Integer.parseInt(parallel) > Drain.Order.PARALLEL_MAX) {
            return wrong("expected ?parallel=1 to " + Drain.Order.PARALLEL_MAX + " but found '" + parallel + "'");
        }
        return requests.drain(
                new HostName(host),
                new Drain.Order(person, fallback.equals("cold"), Integer.parseInt(parallel)),
                query.getOrDefault("force", "").equals("true"));
    }

    CompletableFuture<Answer> undrain(String host, String person) {
        return requests.undrain(new HostName(host), person);
    }

    CompletableFuture<Answer> release(String vm, String person) {
        return vm.length() > 64 ? wrong("'" + vm + "' is no server id") : requests.releaseVm(new ServerId(vm), person);
    }

    CompletableFuture<Answer> drill(Call call, String host, String person) {
        String canary = call.target().query().getOrDefault("canary", "");
        return canary.isBlank() || canary.length() > 64
                ? wrong("expected ?canary=ID, the server id of the VM that must come back, but found '" + canary + "'")
                : requests.drill(new HostName(host), new ServerId(canary), person);
    }

    private static CompletableFuture<Answer> wrong(String sentence) {
        return CompletableFuture.completedFuture(new Answer(400, sentence));
    }
}

package io.vmha.node.documents;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmha.node.view.NodeView;
import io.vmha.recovery.core.Drain;
import io.vmha.recovery.core.Drill;
import io.vmha.recovery.core.FallenVm;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Incident;
import io.vmha.recovery.core.Outage;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.ServerId;
import io.vmha.recovery.core.Upkeep;
import io.vmha.recovery.core.VmRecovery;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;

/** VMs that fell on living hosts, drains and drills; and all that is known of one VM. */
final class UpkeepDocuments {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private UpkeepDocuments() {}

    private static Upkeep upkeep(NodeView view) {
        return view.state().map(RecoveryState::upkeep).orElse(Upkeep.NONE);
    }

    /** VMs that fell, the newest first. */
    static ArrayNode fallen(NodeView view) {
        ArrayNode list = JSON.arrayNode();
        upkeep(view).fallen().values().stream()
                .sorted(Comparator.comparingLong(FallenVm::sinceAtMs).reversed())
                .forEach(vm -> list.add(fallen(vm)));
        return list;
    }

    private static ObjectNode fallen(FallenVm vm) {
        return JSON.objectNode()
                .put("id", vm.server().value())
                .put("name", vm.name())
                .put("host", vm.host().value())
                .put("phase", word(vm.phase()))
                .put("fallen_at", Instant.ofEpochMilli(vm.sinceAtMs()).toString())
                .put("restarts", vm.restartsAtMs().size())
                .put("detail", vm.detail());
    }

    /** The ids of all VMs that the group knows something of under this name, in order. */
    static List<String> idsOf(NodeView view, String name) {
        RecoveryState state = view.state().orElseGet(RecoveryState::empty);
        var ids = new TreeSet<String>();
        state.upkeep().fallen().values().stream()
                .filter(vm -> vm.name().equals(name))
                .forEach(vm -> ids.add(vm.server().value()));
        state.incidents().values().stream()
                .flatMap(incident -> incident.hosts().values().stream())
                .flatMap(host -> host.vms().entrySet().stream())
                .filter(vm -> vm.getValue().name().equals(name))
                .forEach(vm -> ids.add(vm.getKey().value()));
        state.upkeep().drains().values().stream()
                .flatMap(drain -> drain.moves().entrySet().stream())
                .filter(move -> move.getValue().name().equals(name))
                .forEach(move -> ids.add(move.getKey().value()));
        return List.copyOf(ids);
    }

    /** All that the group knows of one VM: its falls, its recoveries, its moves. Empty if it knows nothing. */
    static Optional<ObjectNode> explained(NodeView view, String id) {
        ServerId vm;
        try {
            vm = new ServerId(id);
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
        RecoveryState state = view.state().orElseGet(RecoveryState::empty);
        ObjectNode node = JSON.objectNode().put("id", id);
        ArrayNode why = node.putArray("why");
        FallenVm fallen = state.upkeep().fallen().get(vm);
        if (fallen != null) {
            node.put("name", fallen.name());
            node.set("fallen", fallen(fallen).set("story", IncidentDocuments.story(fallen.story())));
            why.add(meaning(fallen, state));
        }
        ArrayNode recoveries = node.putArray("recoveries");
        for (Incident incident : IncidentDocuments.newestFirst(state)) {
            incident.hosts().values().forEach(host -> {
                VmRecovery recovery = host.vms().get(vm);
                if (recovery != null) {
                    node.put("name", recovery.name());
                    recoveries
                            .addObject()
                            .put("incident", incident.id().value())
                            .put("from", host.host().value())
                            .setAll(IncidentDocuments.vm(recovery));
                }
            });
        }
        ArrayNode moves = node.putArray("moves");
        state.upkeep()
                .drains()
                .values()
                .forEach(drain -> Optional.ofNullable(drain.moves().get(vm)).ifPresent(move -> {
                    node.put("name", move.name());
                    moves.addObject()
                            .put("from", drain.host().value())
                            .put("step", word(move.step()))
                            .put("attempts", move.attempts())
                            .put("detail", move.detail());
                }));
        return fallen == null && recoveries.isEmpty() && moves.isEmpty() ? Optional.empty() : Optional.of(node);
    }

    private static String meaning(FallenVm vm, RecoveryState state) {
        int tries = state.restartPolicy().tries();
        return switch (vm.phase()) {
            case FALLEN ->
                "its guest died on " + vm.host() + ", which lives; the leader restarts it there through Nova as soon"
                        + " as Nova has it active, its nova-compute is up, the AZ is armed"
                        + " and the host not in maintenance";
            case RESTARTING -> "restart " + vm.restartsAtMs().size() + " of at most " + tries + " is under way";
            case RUNNING -> "it was restarted in place and runs";
            case LEFT -> "it was not restarted: " + vm.detail();
            case QUARANTINED ->
                "it died again after " + vm.restartsAtMs().size() + " restarts and waits for a person: vmha vm release "
                        + vm.server();
        };
    }

    /** Drains, the newest first. */
    static ArrayNode drains(NodeView view) {
        ArrayNode list = JSON.arrayNode();
        upkeep(view).drains().values().stream()
                .sorted(Comparator.comparingLong(Drain::startedAtMs).reversed())
                .forEach(drain -> list.add(summary(drain)));
        return list;
    }

    private static ObjectNode summary(Drain drain) {
        ObjectNode node = JSON.objectNode()
                .put("host", drain.host().value())
                .put("phase", word(drain.phase()))
                .put("person", drain.asked().person())
                .put("fallback", drain.asked().cold() ? "cold" : "none")
                .put("parallel", drain.asked().parallel())
                .put("disabled_by_us", drain.disabling() == Drain.Disabling.OURS)
                .put("total", drain.moves().size())
                .put("summary", drain.summary());
        for (var step : io.vmha.recovery.core.Move.Step.values()) {
            node.put(word(step), drain.count(step));
        }
        node.put("started_at", Instant.ofEpochMilli(drain.startedAtMs()).toString());
        return drain.endedAtMs() == 0
                ? node.putNull("ended_at")
                : node.put("ended_at", Instant.ofEpochMilli(drain.endedAtMs()).toString());
    }

    static Optional<ObjectNode> drain(NodeView view, String host) {
        return Optional.ofNullable(upkeep(view).drains().get(new HostName(host)))
                .map(drain -> {
                    ObjectNode node = summary(drain);
                    ArrayNode moves = node.putArray("moves");
                    drain.moves()
                            .values()
                            .forEach(move -> moves.addObject()
                                    .put("id", move.server().value())
                                    .put("name", move.name())
                                    .put("step", word(move.step()))
                                    .put("attempts", move.attempts())
                                    .put("detail", move.detail()));
                    node.set("story", IncidentDocuments.story(drain.story()));
                    return node;
                });
    }

    /** Drills, the newest first. */
    static ArrayNode drills(NodeView view) {
        List<Drill> drills = new ArrayList<>(upkeep(view).drills());
        Collections.reverse(drills);
        ArrayNode list = JSON.arrayNode();
        drills.forEach(drill -> list.add(drill(drill)));
        return list;
    }

    static Optional<ObjectNode> drill(NodeView view, String number) {
        return upkeep(view).drills().stream()
                .filter(d -> Long.toString(d.number()).equals(number))
                .findFirst()
                .map(d -> drill(d).set("story", IncidentDocuments.story(d.story())));
    }

    private static ObjectNode drill(Drill drill) {
        ObjectNode node = JSON.objectNode()
                .put("drill", drill.number())
                .put("host", drill.host().value())
                .put("canary", drill.canary().value())
                .put("person", drill.person())
                .put("phase", word(drill.phase()))
                .put("started_at", Instant.ofEpochMilli(drill.startedAtMs()).toString())
                .put("detail", drill.detail());
        put(node, "incident", drill.incident());
        ObjectNode times = node.putObject("times");
        put(times, "cut_took_ms", drill.times().cutTookMs());
        put(times, "declared_ms", drill.times().declaredMs());
        put(times, "certified_ms", drill.times().certifiedMs());
        put(times, "first_call_ms", drill.times().firstCallMs());
        put(times, "recovered_ms", drill.times().recoveredMs());
        put(times, "back_ms", drill.times().backMs());
        return node;
    }

    private static void put(ObjectNode node, String key, OptionalLong value) {
        value.ifPresentOrElse(v -> node.put(key, v), () -> node.putNull(key));
    }

    /** What is told of a host besides its record. */
    static List<String> about(RecoveryState state, HostName host) {
        var sentences = new ArrayList<String>();
        Outage outage = state.upkeep().outages().get(host);
        if (outage != null) {
            sentences.add(outage.detail() + " (since " + Instant.ofEpochMilli(outage.sinceAtMs()) + ")");
        }
        Drain drain = state.upkeep().drains().get(host);
        if (drain(state, host).isPresent()) {
            sentences.add("drain by " + drain.asked().person() + ": " + word(drain.phase()) + ", " + drain.summary());
        }
        state.upkeep().openFallen().stream()
                .filter(vm -> vm.host().equals(host))
                .forEach(vm -> sentences.add("VM " + vm.title() + " has fallen: " + word(vm.phase())));
        return sentences;
    }

    /** Where a host's drain is that has not been undone. */
    static Optional<String> drain(RecoveryState state, HostName host) {
        return Optional.ofNullable(state.upkeep().drains().get(host))
                .map(Drain::phase)
                .filter(phase -> phase != Drain.Phase.UNDONE)
                .map(UpkeepDocuments::word);
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}

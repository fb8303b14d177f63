package io.vmha.testcluster.faults.run;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmha.testcluster.faults.history.Kinds;
import io.vmha.testcluster.faults.lab.LabHost;
import io.vmha.testcluster.faults.lab.TestBed;
import io.vmha.testcluster.faults.nemesis.Fault;
import io.vmha.testcluster.faults.nemesis.Nemesis;
import io.vmha.testcluster.faults.nemesis.Stage;
import java.util.List;
import java.util.Optional;

/** One fault from its beginning to its healing, as the history has it. */
final class Injection {
    private final TestBed bed;
    private final Nemesis nemesis;
    private final String id;
    private Optional<Fault> fault = Optional.empty();

    Injection(TestBed bed, Nemesis nemesis, String id) {
        this.bed = bed;
        this.nemesis = nemesis;
        this.id = id;
    }

    Nemesis nemesis() {
        return nemesis;
    }

    /** The hosts that it is about; empty before it begins. */
    List<LabHost> targets() {
        return fault.map(Fault::targets).orElse(List.of());
    }

    /** Begins it; it counts from before it begins, for it may bite at once. */
    void begin(Stage stage) {
        long atMs = bed.history().nowMs();
        Fault begun = nemesis.beginning().begin(stage);
        fault = Optional.of(begun);
        bed.history().recordAt(atMs, Kinds.FAULT, event -> {
            event.put("id", id)
                    .put("name", nemesis.name())
                    .put("family", nemesis.family().word())
                    .put("detail", begun.detail())
                    .put("mass", begun.isMass());
            names(event, "targets", begun.targets());
            names(event, "dead", begun.dead());
            names(event, "cut", begun.cut());
            names(event, "silent", begun.silent());
        });
    }

    private static void names(ObjectNode event, String field, List<LabHost> hosts) {
        ArrayNode names = event.putArray(field);
        hosts.forEach(host -> names.add(host.name()));
    }

    /** What the fault did to whom, for a reader. */
    String words() {
        return fault.map(f -> nemesis.name()
                        + (f.targets().isEmpty()
                                        || f.targets().size() == bed.hosts().size()
                                ? ""
                                : " on "
                                        + String.join(
                                                ", ",
                                                f.targets().stream()
                                                        .map(LabHost::name)
                                                        .toList()))
                        + ": " + f.detail())
                .orElse(nemesis.name());
    }

    /** Looks whether it bit, and heals it. What shows that it bit, or nothing. */
    Optional<String> end() {
        if (fault.isEmpty()) {
            return Optional.empty();
        }
        Optional<String> proof = fault.get().bite();
        bed.history()
                .record(
                        Kinds.BITE,
                        event -> event.put("id", id)
                                .put("bit", proof.isPresent())
                                .put("proof", proof.orElse("")));
        fault.get().heal();
        bed.history().record(Kinds.HEALED, event -> event.put("id", id).put("name", nemesis.name()));
        return proof;
    }
}

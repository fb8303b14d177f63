package io.vmha.testcluster.faults.workload;

import com.fasterxml.jackson.databind.JsonNode;
import io.vmha.testcluster.faults.history.Kinds;
import io.vmha.testcluster.faults.lab.LabHost;
import io.vmha.testcluster.faults.lab.TestBed;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** People boot VMs and delete them. */
final class VmChurn implements Workload {
    private static final int OWN_MAX = 4;
    private static final long PAUSE_MS = 3_000;

    @Override
    public String name() {
        return "vms";
    }

    @Override
    public String about() {
        return "VMs are booted and deleted";
    }

    @Override
    public Running start(TestBed bed, Random dice) {
        return new Turns("vm-churn", PAUSE_MS, () -> turn(bed, dice));
    }

    private static void turn(TestBed bed, Random dice) {
        var own = new ArrayList<JsonNode>();
        for (JsonNode server : bed.admin().servers()) {
            if (server.path("name").asText().startsWith("churn-")) {
                own.add(server);
            }
        }
        if (own.size() < OWN_MAX && (own.isEmpty() || dice.nextBoolean())) {
            List<LabHost> hosts = bed.living();
            if (!hosts.isEmpty()) {
                String host = hosts.get(dice.nextInt(hosts.size())).name();
                boolean taken = bed.admin().create("churn-" + dice.nextInt(1 << 20), host);
                bed.history()
                        .record(
                                Kinds.OPERATOR,
                                event -> event.put("what", "boots a VM")
                                        .put("host", host)
                                        .put("ok", taken));
            }
        } else {
            JsonNode server = own.get(dice.nextInt(own.size()));
            boolean done = bed.admin().delete(server.path("id").asText());
            bed.history()
                    .record(
                            Kinds.OPERATOR,
                            event -> event.put(
                                            "what",
                                            "deletes VM " + server.path("name").asText())
                                    .put("host", server.path("host").asText())
                                    .put("ok", done));
        }
    }
}

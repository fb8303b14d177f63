package io.vmha.testcluster.faults.workload;

import io.vmha.testcluster.faults.history.Kinds;
import io.vmha.testcluster.faults.lab.Daemons;
import io.vmha.testcluster.faults.lab.LabHost;
import io.vmha.testcluster.faults.lab.TestBed;
import java.util.List;
import java.util.Random;

/** Operators look around, and take hosts into maintenance for a moment. */
final class OperatorActions implements Workload {
    private static final long PAUSE_MS = 4_000;
    private static final List<String> READS =
            List.of("/v1/incidents", "/v1/hosts", "/v1/ha?consistent", "/metrics", "/v1/agent/members");

    @Override
    public String name() {
        return "operator";
    }

    @Override
    public String about() {
        return "operators read everything and take hosts into maintenance for a moment";
    }

    @Override
    public Running start(TestBed bed, Random dice) {
        return new Turns("operator-actions", PAUSE_MS, () -> turn(bed, dice));
    }

    private static void turn(TestBed bed, Random dice) {
        List<LabHost> living = bed.living();
        if (living.isEmpty()) {
            return;
        }
        LabHost asked = living.get(dice.nextInt(living.size()));
        bed.daemons().get(asked, READS.get(dice.nextInt(READS.size())));
        if (dice.nextInt(4) == 0) {
            LabHost about = bed.hosts().get(dice.nextInt(bed.hosts().size()));
            String path = "/v1/hosts/" + about.name() + "/maintenance";
            Daemons.Reply on = bed.daemons().put(asked, path + "?on=true");
            Daemons.Reply off = bed.daemons().put(asked, path + "?on=false");
            bed.history()
                    .record(
                            Kinds.OPERATOR,
                            event -> event.put("what", "maintenance for a moment: " + on.status() + ", " + off.status())
                                    .put("host", about.name())
                                    .put("ok", on.status() == 200 && off.status() == 200));
        }
    }
}

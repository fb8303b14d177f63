package io.vmha.testcluster.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Servers of either kind, and the client that asks them, with the CPU weight that the package's unit gives to vmhad; undone by closing. */
final class UnitWeight implements AutoCloseable {
    private static final int CPU_WEIGHT = 1_000; // vmhad.service

    private final List<ControlGroup> groups = new ArrayList<>();

    private UnitWeight() {}

    /** @throws IOException if there are no control groups here */
    static UnitWeight of(List<ProcessHandle> servers) throws IOException {
        var made = new UnitWeight();
        try {
            var all = new ArrayList<>(servers);
            all.add(ProcessHandle.current());
            for (ProcessHandle process : all) {
                ControlGroup group = ControlGroup.around(process);
                made.groups.add(group);
                group.weigh(CPU_WEIGHT);
            }
            return made;
        } catch (IOException e) {
            made.close();
            throw e;
        }
    }

    String how() {
        return "CPUWeight=" + CPU_WEIGHT + " for the servers and the client";
    }

    @Override
    public void close() {
        groups.forEach(ControlGroup::close);
    }
}

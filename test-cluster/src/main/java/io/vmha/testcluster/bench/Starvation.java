package io.vmha.testcluster.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** Processes that may use a part of a core only, while two busy loops take what there is; undone by closing. */
final class Starvation implements AutoCloseable {
    private final List<Process> hogs = new ArrayList<>();
    private final List<ControlGroup> groups = new ArrayList<>();
    private final boolean limited;

    private Starvation(boolean limited) {
        this.limited = limited;
    }

    /** Each process gets this share of a core. */
    static Starvation of(List<ProcessHandle> processes, double cores) {
        Starvation made = new Starvation(true);
        try {
            for (ProcessHandle process : processes) {
                ControlGroup group = ControlGroup.around(process);
                made.groups.add(group);
                group.limit(cores);
            }
        } catch (IOException e) {
            made.close();
            made = new Starvation(false);
        }
        for (int i = 0; i < 2; i++) {
            made.hog();
        }
        return made;
    }

    String how() {
        return limited ? "cgroup quota" : "no cgroups here: the busy loops only";
    }

    private void hog() {
        try {
            hogs.add(new ProcessBuilder("setpriv", "--pdeathsig", "KILL", "sh", "-c", "while :; do :; done").start());
        } catch (IOException e) {
            throw new UncheckedIOException("a busy loop cannot be started", e);
        }
    }

    @Override
    public void close() {
        hogs.forEach(Process::destroyForcibly);
        groups.forEach(ControlGroup::close);
    }
}

package io.vmha.testcluster.faults.nemesis;

import io.vmha.testcluster.faults.lab.LabHost;
import io.vmha.testcluster.faults.lab.Shell;
import io.vmha.testcluster.faults.lab.TestBed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Daemons that are killed, stopped in their tracks, or asked to end. Their hosts and guests live on. */
final class ProcessFaults {
    private ProcessFaults() {}

    static List<Nemesis> all() {
        return List.of(
                new Nemesis(
                        "kill-daemon",
                        Family.PROCESS,
                        "kill -9 of a vmhad; it is started again at the end",
                        300,
                        6_000,
                        ProcessFaults::kill),
                new Nemesis(
                        "pause-daemon",
                        Family.PROCESS,
                        "SIGSTOP of a vmhad for 0.2 to 2.5 s",
                        200,
                        2_500,
                        ProcessFaults::pause),
                new Nemesis(
                        "freeze-daemon",
                        Family.PROCESS,
                        "SIGSTOP of a vmhad for 4 to 90 s: no dead host, only a silent one",
                        4_000,
                        90_000,
                        ProcessFaults::pause),
                new Nemesis(
                        "kill-leader",
                        Family.PROCESS,
                        "kill -9 of the vmhad that leads",
                        1_000,
                        6_000,
                        ProcessFaults::killLeader),
                new Nemesis(
                        "stop-daemon",
                        Family.PROCESS,
                        "a vmhad is asked to end, as by systemctl stop",
                        1_000,
                        8_000,
                        ProcessFaults::stop),
                new Nemesis(
                        "restart-all-daemons",
                        Family.PROCESS,
                        "kill -9 of every vmhad at once, then all start again",
                        500,
                        4_000,
                        ProcessFaults::killAll));
    }

    private static Fault kill(Stage stage) {
        return killed(stage.bed(), stage.hosts(1));
    }

    private static Fault killLeader(Stage stage) {
        Optional<LabHost> leader = stage.bed().leader();
        List<LabHost> targets = leader.map(List::of).orElseGet(() -> stage.hosts(1));
        stage.take(targets);
        return killed(stage.bed(), targets);
    }

    private static Fault killAll(Stage stage) {
        return killed(stage.bed(), stage.bed().living()).concerningAll();
    }

    private static Fault killed(TestBed bed, List<LabHost> targets) {
        targets.forEach(bed::killDaemon);
        return new Fault("kill -9 of vmhad", targets)
                .silencing(targets)
                .shownBy(() -> proof(
                        targets.stream().noneMatch(host -> bed.daemon(host).isAlive()), "no process is left"))
                .healedBy(() -> targets.forEach(bed::startDaemon));
    }

    private static Fault stop(Stage stage) {
        List<LabHost> targets = stage.hosts(1);
        TestBed bed = stage.bed();
        targets.forEach(bed::stopDaemon);
        return new Fault("vmhad asked to end", targets)
                .silencing(targets)
                .shownBy(() -> proof(
                        targets.stream().noneMatch(host -> bed.daemon(host).isAlive()), "it has ended"))
                .healedBy(() -> targets.forEach(bed::startDaemon));
    }

    private static Fault pause(Stage stage) {
        List<LabHost> targets = stage.hosts(1);
        TestBed bed = stage.bed();
        targets.forEach(host -> bed.signalDaemon(host, "STOP"));
        return new Fault("SIGSTOP of vmhad", targets)
                .silencing(targets)
                .shownBy(() -> proof(
                        targets.stream()
                                .allMatch(host -> state(bed.daemon(host).pid()).equals("T")),
                        "/proc says T (stopped)"))
                .healedBy(() -> targets.forEach(host -> bed.signalDaemon(host, "CONT")));
    }

    /** The state of a process as the kernel has it: R, S, D, T, Z; empty if there is none. */
    static String state(long pid) {
        try {
            String stat = Files.readString(
                    Path.of("/proc", Long.toString(pid), "stat"), java.nio.charset.StandardCharsets.ISO_8859_1);
            return stat.substring(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
        } catch (IOException e) {
            return "";
        }
    }

    /** The proof, if what it says is true. */
    static Optional<String> proof(boolean isTrue, String words) {
        return isTrue ? Optional.of(words) : Optional.empty();
    }

    /** The output of a program on a host, or nothing. */
    static String ask(TestBed bed, LabHost host, String... command) {
        return Shell.attempt(bed.network().in(host.node(), command), "").output();
    }
}

package io.vmha.testcluster.faults.lab;

import io.vmha.testcluster.faults.history.History;
import io.vmha.testcluster.guard.GuardProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/**
 * What a host has beneath its guests: a libvirtd with QEMU where the plan wants boot-sector guests, on disks that all hosts share, and
 * a vmha-guard where the plan wants leases. It loses its power with its host, and boots with it.
 */
final class GuestHosts implements AutoCloseable {
    private static final long LIBVIRT_MS = 90_000;
    private static final int GUARD_RESETS = 70;

    private final GuestPlan plan;
    private final List<LabHost> hosts;
    private final Network network;
    private final History history;
    private final Path directory;
    private final Path hypervisor;
    private final BiConsumer<LabHost, String> told;
    private final Map<String, List<Supervised>> services = new TreeMap<>();
    private final Optional<GuestWatcher> watcher;

    /**
     * @param hypervisor the script that makes hosts with libvirt
     * @param told hears of guards that ended, by themselves or with the wish that the host is reset
     */
    GuestHosts(
            GuestPlan plan,
            List<LabHost> hosts,
            Network network,
            History history,
            Path directory,
            Path hypervisor,
            BiConsumer<LabHost, String> told) {
        this.plan = plan;
        this.hosts = hosts;
        this.network = network;
        this.history = history;
        this.directory = directory;
        this.hypervisor = hypervisor;
        this.told = told;
        plan.refuseUnlessPossible();
        hosts.forEach(host -> services.put(host.name(), servicesOf(host)));
        if (plan.isQemu()) {
            try {
                Files.createDirectories(disks());
                for (LabHost host : hosts) {
                    Files.createDirectories(host.beatsDirectory());
                }
            } catch (IOException e) {
                throw new LabException("the guests' disks cannot be made: " + e.getMessage(), e);
            }
            Shell.run(List.of(
                    hypervisor.toString(), "disk", disks().resolve("boot").toString()));
            watcher = Optional.of(new GuestWatcher(disks(), hosts, history));
        } else {
            watcher = Optional.empty();
        }
    }

    private Path disks() {
        return directory.resolve("disks");
    }

    private List<Supervised> servicesOf(LabHost host) {
        var its = new ArrayList<Supervised>();
        if (plan.isQemu()) {
            List<String> libvirt = network.in(
                    host.node(),
                    "setsid",
                    hypervisor.toString(),
                    "libvirt",
                    host.libvirtDirectory().toString(),
                    directory.resolve("libvirt-cache").toString());
            its.add(new Supervised(libvirt, host.directory().resolve("libvirt.log"), status -> {}));
        }
        if (plan.isGuarded()) {
            its.add(new Supervised(
                    guard(host),
                    host.directory().resolve("guard.log"),
                    status -> told.accept(host, status == GUARD_RESETS ? "reset" : "guard ended, status " + status)));
        }
        return its;
    }

    /** The guard names the boot as the host's kernel would. */
    private List<String> guard(LabHost host) {
        return network.in(
                host.node(),
                "setsid",
                "sh",
                "-c",
                "mount --bind \"$1\" /proc/sys/kernel/random/boot_id && shift && exec \"$@\"",
                "guard",
                host.bootId().toString(),
                GuardProcess.binary().toString(),
                "--lease",
                host.ramDirectory().resolve("lease").toString(),
                "--status",
                host.ramDirectory().resolve("guard").toString(),
                "--domains",
                plan.isQemu() ? "libvirt" : "pids:" + host.guestsDirectory(),
                "--libvirt-uri",
                host.libvirtUri(),
                "--libvirt-pids",
                host.libvirtDirectory().resolve("run/qemu").toString());
    }

    /** All hosts boot for the first time; the first libvirtd finds out about QEMU for the others. */
    void start() {
        for (LabHost host : hosts) {
            boot(host);
            if (plan.isQemu() && host.number() == 1) {
                awaitLibvirt(host);
            }
        }
        if (plan.isQemu()) {
            hosts.forEach(this::awaitLibvirt);
        }
    }

    private void awaitLibvirt(LabHost host) {
        List<String> ask = List.of("virsh", "-q", "-c", host.libvirtUri(), "list");
        if (!Shell.await(LIBVIRT_MS, () -> Shell.attempt(ask, "").status() == 0)) {
            throw new LabException("the libvirtd of " + host.name() + " does not answer within " + LIBVIRT_MS / 1000
                    + " s; see libvirt.log and libvirt/libvirtd.log in " + host.directory());
        }
    }

    /** The host has power again. What lay on its RAM disks is gone. */
    void boot(LabHost host) {
        Shell.run(List.of(
                "rm",
                "-rf",
                host.ramDirectory().toString(),
                host.libvirtDirectory().resolve("run").toString()));
        try {
            Files.createDirectories(host.ramDirectory());
        } catch (IOException e) {
            throw new LabException("cannot make " + host.ramDirectory() + ": " + e.getMessage(), e);
        }
        services.get(host.name()).forEach(Supervised::start);
    }

    /** The host is about to lose its power. */
    void rest(LabHost host) {
        services.get(host.name()).forEach(Supervised::rest);
    }

    /** What the compute service is told beyond the usual. */
    List<String> computeArguments(LabHost host) {
        return plan.isQemu() ? List.of(host.libvirtUri(), disks().toString()) : List.of();
    }

    /** Puts the guests' lives into the history. */
    void record(SharedDisk disk) {
        if (watcher.isPresent()) {
            watcher.get().record();
        } else {
            GuestRecords.record(hosts, history);
            disk.record();
        }
    }

    @Override
    public void close() {
        hosts.forEach(this::rest);
        watcher.ifPresent(GuestWatcher::close);
    }
}

package io.vmha.testcluster.faults.lab;

import io.vmha.testcluster.faults.history.NovaKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a test bed shall be.
 *
 * @param hosts hypervisors, 3 to 50
 * @param vmsPerHost guests on each at the beginning
 * @param guests what they are
 * @param seed of everything random
 * @param movableClocks whether the daemons' wall clocks can be moved
 * @param serfMember whether a real serf agent is in the pool
 * @param netlab the script that makes networks
 * @param classPath of the daemons
 * @param olderClassPath of an earlier build, with which the daemons start if it is there
 * @param nova what is under it
 */
public record BedPlan(
        int hosts,
        int vmsPerHost,
        GuestPlan guests,
        long seed,
        boolean movableClocks,
        boolean serfMember,
        Path netlab,
        String classPath,
        Optional<String> olderClassPath,
        NovaKind nova) {
    private static final int HOSTS_MIN = 3;
    private static final int HOSTS_MAX = 50;
    private static final int VMS_MAX = 20;

    public BedPlan {
        if (hosts < HOSTS_MIN || hosts > HOSTS_MAX) {
            throw new IllegalArgumentException(
                    "a test bed has " + HOSTS_MIN + " to " + HOSTS_MAX + " hosts but " + hosts + " were asked for");
        }
        if (vmsPerHost < 0 || vmsPerHost > VMS_MAX) {
            throw new IllegalArgumentException(
                    "a host has 0 to " + VMS_MAX + " VMs but " + vmsPerHost + " were asked for");
        }
        if (nova == NovaKind.OPENSTACK && !guests.equals(GuestPlan.PROCESSES)) {
            throw new IllegalArgumentException(
                    "--guests qemu and --proof need --nova simulated, but it is openstack, whose"
                            + " guests are processes and whose hosts are fenced by BMCs");
        }
        if (nova == NovaKind.OPENSTACK) {
            OpenStackBedCloud.refuseWithoutMemory(hosts, meminfo());
        }
    }

    private static String meminfo() {
        try {
            return Files.readString(Path.of("/proc/meminfo"));
        } catch (IOException e) {
            throw new LabException("cannot tell how much memory is free: " + e.getMessage(), e);
        }
    }

    /** The script that makes hosts with libvirt; it lies beside the one that makes networks. */
    Path hypervisor() {
        return netlab.resolveSibling("hypervisor");
    }
}

package io.vmha.testcluster.faults.lab;

import java.nio.file.Path;
import java.util.Locale;

/**
 * One simulated hypervisor.
 *
 * @param number counts from 1
 * @param directory its files: configuration, logs, disk image, guests' heartbeats
 */
public record LabHost(int number, Path directory) {
    /** As Nova names it. */
    public String name() {
        return "hv-" + number;
    }

    /** As the lab names its namespace. */
    public String node() {
        return "h" + number;
    }

    /** Its address on a network. */
    public String address(Net net) {
        return Network.address(net, number);
    }

    /** The identity of its BMC. */
    public String bmcGuid() {
        return String.format(Locale.ROOT, "564d4841000040008000%012x", number);
    }

    Path log() {
        return directory.resolve("vmhad.log");
    }

    Path dataDirectory() {
        return directory.resolve("data");
    }

    /** A pid file for each guest. */
    Path guestsDirectory() {
        return directory.resolve("guests");
    }

    /** One file for each life of a guest. */
    Path beatsDirectory() {
        return directory.resolve("beats");
    }

    /** What a boot takes from the host: the lease, and what the guard says. */
    Path ramDirectory() {
        return directory.resolve("ram");
    }

    /** What its kernel would say of this boot. */
    Path bootId() {
        return directory.resolve("boot_id");
    }

    /** The files of its libvirtd. */
    Path libvirtDirectory() {
        return directory.resolve("libvirt");
    }

    /** How its libvirtd is reached. */
    String libvirtUri() {
        return "qemu+unix:///system?socket=" + libvirtDirectory().resolve("run/libvirt-sock");
    }

    Path diskImage() {
        return directory.resolve("disk.img");
    }

    Path clockFile() {
        return directory.resolve("clock");
    }
}

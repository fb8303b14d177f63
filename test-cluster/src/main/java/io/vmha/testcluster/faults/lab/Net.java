package io.vmha.testcluster.faults.lab;

import java.util.Locale;

/** The separate networks of a host, in the order in which they are numbered. */
public enum Net {
    /** Raft and gossip. */
    CLUSTER(0),
    /** Keystone, Nova and the bus of the compute services. */
    API(1),
    /** The guests' disks. */
    STORAGE(2),
    /** The BMCs. */
    BMC(3),
    /** The injector's own way to the daemons, which no fault ever touches. */
    WATCH(4);

    private final int number;

    Net(int number) {
        this.number = number;
    }

    /** As netlab counts the networks. */
    public int number() {
        return number;
    }

    /** As the scripts have it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}

package io.vmha.testcluster.faults.lab;

import java.util.Optional;
import java.util.function.Consumer;

/** What lies under a test bed: Keystone and Nova, and the compute service of each host. */
public interface BedCloud extends AutoCloseable {
    /** How its APIs are reached, past the proxy. */
    CloudAccess access();

    /** Starts it, with a compute service on every host. Returns when it answers. */
    void open(Consumer<String> tell);

    /** Boots the first VMs; returns when Nova has them all, or has promised to. */
    void populate();

    /** Everything on the host is dead. */
    void powerLost(LabHost host);

    /** The host has power again; its compute service waits for the gate. */
    void powerBack(LabHost host);

    /** True while the process of the host's compute service is there. */
    boolean computeRuns(LabHost host);

    /** Kills the host's compute service; its guests go on. */
    void killCompute(LabHost host);

    /** Gives the host a new compute service, which completes the evacuations from it; an old one is killed. */
    void restartCompute(LabHost host);

    /** True if Nova takes the compute service for working, but for what was forced. */
    boolean isComputeAlive(LabHost host);

    /** True while something is heard of the host's compute service. */
    boolean hears(LabHost host);

    /** True if somebody has told Nova that the host is down, or has disabled it. */
    boolean isHeldDown(LabHost host);

    /** The name of the host where a VM is being rebuilt just now. */
    Optional<String> rebuildTarget(String vm);

    /** Every token that was given out is refused from now on. */
    void expireTokens(NovaProxy proxy);

    /** How many calls were refused for their token. */
    long tokensRefused(NovaProxy proxy);

    @Override
    void close();
}

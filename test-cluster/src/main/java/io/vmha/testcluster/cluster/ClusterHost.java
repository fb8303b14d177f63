package io.vmha.testcluster.cluster;

import java.nio.file.Path;

/**
 * One host of the cluster.
 *
 * @param name Nova's name of it
 * @param address its cluster IP, a loopback address of its own
 * @param bmcAddress where its BMC answers IPMI, on port 623
 * @param bmcGuid the BMC's identity, 32 hex digits
 * @param directory its files: configuration, log, Raft storage
 */
public record ClusterHost(String name, String address, String bmcAddress, String bmcGuid, Path directory) {}

package io.vmha.testcluster.demo;

import java.nio.file.Path;

/**
 * One host of the demonstration.
 *
 * @param name Nova's name of it
 * @param address its cluster IP, a loopback address of its own
 * @param bmcAddress where its BMC answers IPMI, on port 623
 * @param bmcGuid the BMC's identity, 32 hex digits
 * @param directory its files: configuration, log, Raft storage
 */
record DemoHost(String name, String address, String bmcAddress, String bmcGuid, Path directory) {}

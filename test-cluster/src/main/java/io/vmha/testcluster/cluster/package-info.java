/** A cluster of real daemons on this machine, on a simulated or a real OpenStack: what the demonstration and the cluster tests stand on. */
package io.vmha.testcluster.cluster;

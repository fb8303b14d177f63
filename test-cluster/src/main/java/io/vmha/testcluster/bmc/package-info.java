/**
 * Simulated BMCs: real IPMI 2.0 over LAN by OpenIPMI's {@code ipmi_sim}, one for each host, whose power commands really end the
 * processes of the host; and the faults that real BMCs have.
 */
package io.vmha.testcluster.bmc;

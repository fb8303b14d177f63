/** What goes on in the cluster while things go wrong: clients of the store, people who boot and delete VMs, operators at work. */
package io.vmha.testcluster.faults.workload;

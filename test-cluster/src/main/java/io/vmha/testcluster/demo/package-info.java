/** The demonstration: a cluster on this machine loses a host, and its VMs come back. */
package io.vmha.testcluster.demo;

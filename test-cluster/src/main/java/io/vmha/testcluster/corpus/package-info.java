/** Checks captures of real Serf and Consul programs against our reading of them. */
package io.vmha.testcluster.corpus;

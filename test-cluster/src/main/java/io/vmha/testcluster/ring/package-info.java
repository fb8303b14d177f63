/** Gossip rings of our agents and Debian's {@code serf}, in a network namespace of their own, measured in the same run. */
package io.vmha.testcluster.ring;

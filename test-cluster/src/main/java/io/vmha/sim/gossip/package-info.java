/** Gossip in virtual time: real Serf nodes on their memberlist over a simulated network that loses, delays, doubles and cuts. */
package io.vmha.sim.gossip;

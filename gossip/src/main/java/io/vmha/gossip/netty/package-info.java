/** Gossip on real sockets: UDP and TCP on the cluster address, one thread, one timer. {@link io.vmha.gossip.netty.GossipAgent} is the way in. */
package io.vmha.gossip.netty;

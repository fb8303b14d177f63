/**
 * Serf's own RPC, so that the stock {@code serf} command and other Serf clients can talk to our agent: one {@link
 * io.vmha.gossip.rpc.RpcSession} for each client. A core: it is fed bytes and events, and writes to its {@link io.vmha.gossip.rpc.RpcOutbox}.
 */
package io.vmha.gossip.rpc;

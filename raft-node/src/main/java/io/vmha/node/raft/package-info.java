/**
 * The replicated log: Apache Ratis behind a few small types that speak bytes and know nothing of recovery.
 *
 * <p>{@link io.vmha.node.raft.RaftNode} runs the Raft server of this host, {@link io.vmha.node.raft.GroupClient} talks to a group
 * from anywhere, {@link io.vmha.node.raft.Replicated} is what the log drives. Ratis types do not leave this package, so that the
 * rest of the daemon can run on a simulated log.
 */
package io.vmha.node.raft;

/** The control thread: the only place where gossip, Raft, Nova and the recovery core meet. */
package io.vmha.node.control;

/** The observation of the hosts' kernels on real sockets, and what this node has heard from other observers. */
package io.vmha.node.observe;

/** This host's own lease and its guard: the files that the daemon and the guard process speak through, and what is proven to the host. */
package io.vmha.node.lease;

/** The gate that this host's guests wait behind, and the way back of a host that was recovered. */
package io.vmha.node.gate;

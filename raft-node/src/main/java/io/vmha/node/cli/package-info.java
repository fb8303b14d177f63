/** The command line {@code vmha}: asks the daemon of this host over gRPC and shows the answer as text or JSON. Knows the protocol only. */
package io.vmha.node.cli;

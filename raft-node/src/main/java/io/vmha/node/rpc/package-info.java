/** The gRPC server on port 8400: the same documents and changes as the HTTP API, for the command line. */
package io.vmha.node.rpc;

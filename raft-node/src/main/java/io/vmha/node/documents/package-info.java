/**
 * The JSON documents that clients see and the requests that they may make, without a transport: HTTP and gRPC show the same, so that the
 * command line's {@code --json} and the HTTP API agree.
 */
package io.vmha.node.documents;

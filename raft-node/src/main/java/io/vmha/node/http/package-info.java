/**
 * The HTTP API on port 8500: Consul's paths where Consul has one, our own under {@code /v1}, {@code /metrics} for Prometheus and a status
 * page for people. Its threads read one immutable view and post requests; they decide nothing.
 */
package io.vmha.node.http;

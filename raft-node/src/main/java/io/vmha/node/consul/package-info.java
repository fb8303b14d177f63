/** Consul's HTTP API for keys and sessions: Consul's requests, taken apart, and Consul's answers, put together. Decides nothing. */
package io.vmha.node.consul;

/** Keys and sessions as Consul has them: what the replicated log makes of commands, and when the leader ends a session. No I/O, no clock. */
package io.vmha.node.kv;

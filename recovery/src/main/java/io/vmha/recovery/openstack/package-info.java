/**
 * Nova and Keystone behind the port {@link io.vmha.recovery.core.Compute}. Models and JSON binding are openstack4j's where they are
 * correct; the exchange itself is ours, because openstack4j turns a 404 into an empty list, sends no microversion per call, has no
 * limit for a whole exchange, and keeps its session in a thread local.
 */
package io.vmha.recovery.openstack;

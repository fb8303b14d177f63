/**
 * The kernel of the simulator: virtual time, one queue of events, randomness that is split by component, and a running hash, so that one
 * seed gives one run.
 */
package io.vmha.sim;

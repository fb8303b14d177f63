/**
 * Recovery in virtual time: real controllers and action runners over a simulated log, Nova, BMCs, hosts and network, with the rules of the
 * recovery protocol checked at every step.
 */
package io.vmha.sim.recovery;

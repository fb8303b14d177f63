/** The fast verdict in virtual time: real observers and the leader's real controller, on hosts that die, stall, starve and are cut off. */
package io.vmha.sim.verdict;

/**
 * Power control through fence agents (the programs of the package fence-agents, one for each make of BMC) as child processes behind the
 * port {@link io.vmha.recovery.core.Fencer}.
 */
package io.vmha.recovery.fencing;

/** The fault-injection cluster's command: runs, scenarios, soaks, and the proof that each fault bites. */
package io.vmha.testcluster.faults;

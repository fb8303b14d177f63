/** One run from beginning to end: faults in rounds or as a scenario has them, healing, watching, judging. */
package io.vmha.testcluster.faults.run;

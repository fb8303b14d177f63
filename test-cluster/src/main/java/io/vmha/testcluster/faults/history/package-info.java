/** What happened in a run, as recorded from outside the daemons: the only thing that checkers and reports look at. */
package io.vmha.testcluster.faults.history;

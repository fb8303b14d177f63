/** Histories: what clients asked of a replicated store and were told, and a checker that says whether one store could have told it. */
package io.vmha.testcluster.history;

/** The report of a run: one document for programs, and one page for people that needs nothing else. */
package io.vmha.testcluster.faults.report;

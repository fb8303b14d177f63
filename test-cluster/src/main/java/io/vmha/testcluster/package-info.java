/** What everything in this module may use: the ends of logs that are kept over a failure. */
package io.vmha.testcluster;

/** Clients that use the keys and sessions as programs would, and record what they were told. */
package io.vmha.testcluster.workload;

/** The real vmha-guard, compiled from the package's sources, for clusters on this machine and for its own tests. */
package io.vmha.testcluster.guard;

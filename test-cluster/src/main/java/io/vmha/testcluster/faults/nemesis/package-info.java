/** Everything that can go wrong, each thing with the proof that it really went wrong. */
package io.vmha.testcluster.faults.nemesis;

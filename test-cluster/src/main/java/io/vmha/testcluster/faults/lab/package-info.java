/** The test bed: hosts as network namespaces, with daemons, guests that are processes, BMCs, storage, and a cloud behind a recording proxy. */
package io.vmha.testcluster.faults.lab;

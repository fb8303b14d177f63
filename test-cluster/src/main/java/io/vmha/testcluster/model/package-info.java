/** The TLA+ model of docs/tla, checked by TLC: the list of runs, one run as a child process, and the command. */
package io.vmha.testcluster.model;

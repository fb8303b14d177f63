/** How fast the consensus side fails over and what it costs, beside etcd; how fast a dead host is recovered from, beside a plain script. */
package io.vmha.testcluster.bench;

/** What the consensus side costs and how fast it fails over, beside etcd in the same run. */
package io.vmha.testcluster.bench;

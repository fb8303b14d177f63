/** The command that simulates pools of any size in virtual time: how fast that is, how soon deaths are noticed, how soon a verdict falls. */
package io.vmha.testcluster.gossipsim;

/**
 * The fast, directed observation of the hosts of one aggregate: who observes whom, and what an observer makes of answers and silence. Pure:
 * fed with events and time, nothing here probes by itself. Nothing of it is seen by other members of the pool.
 */
package io.vmha.gossip.observe;

/**
 * Serf on top of memberlist: tags, intentions to join and leave ordered by Lamport time, user events. A core: it is fed messages and time
 * and writes to memberlist's outbox.
 */
package io.vmha.gossip.serf;

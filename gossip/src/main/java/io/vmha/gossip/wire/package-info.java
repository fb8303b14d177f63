/**
 * The wire format of Serf and memberlist: messages as records, datagrams and streams as layers. A core: no clock, socket, thread, file,
 * lock or random source; nonces are handed in.
 */
package io.vmha.gossip.wire;

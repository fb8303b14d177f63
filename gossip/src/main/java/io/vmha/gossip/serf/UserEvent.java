package io.vmha.gossip.serf;

import io.vmha.gossip.wire.Bytes;

/**
 * Something a member told everybody.
 *
 * @param ltime its Lamport time among the events
 */
public record UserEvent(String name, Bytes payload, long ltime) {}

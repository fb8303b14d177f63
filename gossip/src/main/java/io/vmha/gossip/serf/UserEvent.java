package io.vmha.gossip.serf;

import io.vmha.gossip.wire.Bytes;

/**
 * Something a member told everybody.
 *
 * @param ltime its Lamport time among the events
 * @param coalesce the sender allows that of several events of this name only the latest is acted upon
 */
public record UserEvent(String name, Bytes payload, long ltime, boolean coalesce) {}

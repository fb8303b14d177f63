package io.vmha.gossip.serf;

import io.vmha.gossip.wire.Bytes;

/**
 * A question somebody asked, which we may answer once, in time.
 *
 * @param id names it towards {@code respond}; our own number, from 1
 * @param from the asking member; empty if it is older than Serf 0.9
 * @param ltime its Lamport time among the queries
 */
public record Query(long id, String from, String name, Bytes payload, long ltime) {}

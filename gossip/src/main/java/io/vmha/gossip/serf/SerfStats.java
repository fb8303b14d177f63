package io.vmha.gossip.serf;

/**
 * What {@code serf info} shows about the Serf layer.
 *
 * @param memberTime Lamport time of intents to join and leave
 * @param intentsQueued intents that are still being spread
 * @param coordinateResets times that our place in the network was calculated into nonsense
 */
public record SerfStats(
        int members,
        int failed,
        int left,
        long memberTime,
        long eventTime,
        long queryTime,
        int intentsQueued,
        int eventsQueued,
        int queriesQueued,
        long coordinateResets) {}

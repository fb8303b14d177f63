package io.vmha.recovery.core;

/** How far Nova's conductor has come with an evacuation, by Nova's own record of the action. */
public enum Handling {
    /** No conductor has taken it up: it waits in the queue between the services, or its nova-api died before it could hand it on. */
    UNTOUCHED,

    /** It has been taken up, or Nova does not say. */
    IN_HAND,

    /** The conductor has handed it on to a host, whose nova-compute has not begun: it waits in that one's queue, or is on its way there. */
    HANDED_ON,

    /** It ended with an error before a host took it up. */
    GIVEN_UP
}

/** What happens to the AZ as events for people and programs outside: taken from the committed state, delivered by a webhook. */
package io.vmha.node.events;

/**
 * Who is in the cluster and who answers: memberlist's protocol (SWIM with Lifeguard) as decisions only. A core: it is fed packets and
 * time, and writes to its {@link io.vmha.gossip.memberlist.Outbox}.
 */
package io.vmha.gossip.memberlist;

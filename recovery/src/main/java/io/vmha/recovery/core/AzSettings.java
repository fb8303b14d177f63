package io.vmha.recovery.core;

import java.util.Optional;

/**
 * The availability zone that this group protects.
 *
 * @param groupId the Raft group's id, as recorded in the aggregate's metadata: a leader that finds another one there stops acting
 * @param enabled false once HA has been disabled for the AZ
 * @param armed false while an operator has disarmed the AZ: incidents are recorded and held, nothing is fenced
 * @param instancesShared the operator's word that the disks of VMs that boot from an image lie on storage that every host of the AZ
 *     reaches; without it, and without the proof of {@link StorageGate}, only volume-backed VMs are evacuated (S10)
 * @param proofs what may prove a host dead (S7)
 * @param policy which VMs are recovered, and how
 * @param restarts what is done about VMs that die on hosts that live; empty for the default
 */
public record AzSettings(
        String name,
        long aggregateId,
        String groupId,
        boolean enabled,
        boolean armed,
        boolean instancesShared,
        Limits limits,
        Proofs proofs,
        EvacuationPolicy policy,
        Optional<RestartPolicy> restarts) {
    /** With the usual restarts. */
    public AzSettings(
            String name,
            long aggregateId,
            String groupId,
            boolean enabled,
            boolean armed,
            boolean instancesShared,
            Limits limits,
            Proofs proofs,
            EvacuationPolicy policy) {
        this(name, aggregateId, groupId, enabled, armed, instancesShared, limits, proofs, policy, Optional.empty());
    }

    /** With the usual policy. */
    public AzSettings(
            String name,
            long aggregateId,
            String groupId,
            boolean enabled,
            boolean armed,
            boolean instancesShared,
            Limits limits,
            Proofs proofs) {
        this(name, aggregateId, groupId, enabled, armed, instancesShared, limits, proofs, EvacuationPolicy.DEFAULT);
    }

    AzSettings withEnabled(boolean value) {
        return new AzSettings(
                name, aggregateId, groupId, value, armed, instancesShared, limits, proofs, policy, restarts);
    }

    AzSettings withArmed(boolean value) {
        return new AzSettings(
                name, aggregateId, groupId, enabled, value, instancesShared, limits, proofs, policy, restarts);
    }

    /** With another way with VMs that die on hosts that live. */
    public AzSettings with(RestartPolicy value) {
        return new AzSettings(
                name,
                aggregateId,
                groupId,
                enabled,
                armed,
                instancesShared,
                limits,
                proofs,
                policy,
                Optional.of(value));
    }
}

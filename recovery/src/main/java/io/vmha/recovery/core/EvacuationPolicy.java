package io.vmha.recovery.core;

import java.util.List;

/**
 * What an AZ does with the VMs of a dead host. Committed when the AZ is enabled, so that every leader follows the same one.
 *
 * @param taggedOnly only VMs that are tagged for recovery are evacuated; otherwise all that have not opted out
 * @param rebuild VMs whose disk may be lost are made anew from their image: their data is gone, their addresses come back (S10)
 * @param projects only VMs of these projects (ids); empty for all
 * @param leaveProjects VMs of these projects (ids) are left
 * @param leaveNames VMs whose name matches one of these globs are left: somebody else looks after them
 * @param leaveImageTags VMs whose image has one of these tags are left
 * @param reserved the hosts that are kept free for lost ones
 */
public record EvacuationPolicy(
        boolean taggedOnly,
        boolean rebuild,
        List<String> projects,
        List<String> leaveProjects,
        List<String> leaveNames,
        List<String> leaveImageTags,
        ReservedHosts reserved) {
    /** How Octavia names its amphorae, and Manila its share servers: both are replaced by their own manager. */
    public static final List<String> MANAGED_NAMES =
            List.of("amphora-????????-????-????-????-????????????", "manila_service_instance_*");

    /** All VMs but those that another service replaces by itself. */
    public static final EvacuationPolicy DEFAULT =
            new EvacuationPolicy(false, false, List.of(), List.of(), MANAGED_NAMES, List.of());

    public EvacuationPolicy {
        projects = List.copyOf(projects);
        leaveProjects = List.copyOf(leaveProjects);
        leaveNames = List.copyOf(leaveNames);
        leaveImageTags = List.copyOf(leaveImageTags);
        reserved = reserved == null ? ReservedHosts.NONE : reserved; // in a snapshot of an older program
    }

    /** Without reserved hosts. */
    public EvacuationPolicy(
            boolean taggedOnly,
            boolean rebuild,
            List<String> projects,
            List<String> leaveProjects,
            List<String> leaveNames,
            List<String> leaveImageTags) {
        this(taggedOnly, rebuild, projects, leaveProjects, leaveNames, leaveImageTags, ReservedHosts.NONE);
    }

    /** True if a VM's image must be read for a decision: its tags, or its properties. */
    boolean needsImages() {
        return taggedOnly || !leaveImageTags.isEmpty();
    }
}

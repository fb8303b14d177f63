package io.vmha.recovery.core;

import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What can be done for a VM in the state in which its host has died: Nova evacuates it as it is, or its record is first reset to error,
 * which lets Nova take it, and it is put back into its former state on its new host; or it must stay.
 *
 * @param reset the record has to be reset before Nova will take it
 * @param rest how the VM shall stand in the end
 * @param leave why it must stay; empty if it need not
 */
record Treatment(boolean reset, Rest rest, Optional<String> leave) {
    /** The vm_states that Nova evacuates as they are: every other is refused with 409 or 400. */
    private static final Set<String> EVACUABLE = Set.of("active", "stopped", "error");

    /** Nova moves the disk while it resizes; until it has done, the disk may lie under another name, and would be made anew. */
    private static final Set<String> DISK_ON_THE_MOVE =
            Set.of("resize_migrating", "resize_migrated", "resize_finish", "resize_reverting");

    private static final Map<String, String> NEVER = Map.of(
            "building", "it was being built and has never run: delete it and create it again",
            "shelved",
                    "it is shelved and does not run: unshelve it when its host is back, or create it from its snapshot",
            "shelved_offloaded", "it is shelved and on no host",
            "soft-delete", "it is deleted and can only be restored",
            "deleted", "it is deleted");

    private static final Map<String, String> NEVER_DURING = Map.of(
            "deleting", "its owner is deleting it",
            "soft-deleting", "its owner is deleting it",
            "migrating",
                    "a live migration was under way when its host died: it may run on the migration's target. Look"
                            + " there; if it does not run, reset its state and evacuate it");

    /** Who was paused, suspended or in rescue mode has lost its memory; it must not run on by itself. */
    private static final Map<String, Rest> RESTS = Map.of(
            "paused", Rest.PAUSED, "suspended", Rest.SUSPENDED, "rescued", Rest.STOPPED, "stopped", Rest.STOPPED);

    static Treatment of(Server server) {
        String task = server.taskState().orElse("");
        Optional<String> never =
                Optional.ofNullable(NEVER.get(server.vmState())).or(() -> Optional.ofNullable(NEVER_DURING.get(task)));
        if (never.isEmpty() && DISK_ON_THE_MOVE.contains(task) && !server.volumeBacked()) {
            never = Optional.of("its host died while it was resized (" + task
                    + "): its disk may lie under another name and would be made anew; look for it and reset"
                    + " the server's state");
        }
        boolean asItIs = task.isEmpty() && EVACUABLE.contains(server.vmState());
        // Nova itself keeps a stopped server stopped; one whose record was reset comes back running
        Rest rest = asItIs ? Rest.AS_IT_COMES : RESTS.getOrDefault(server.vmState(), Rest.AS_IT_COMES);
        return new Treatment(!asItIs, rest, never);
    }

    /** True if Nova takes a server in this state as it is. */
    static boolean isEvacuable(Server server) {
        return EVACUABLE.contains(server.vmState());
    }

    /** Why a server that is busy with this task must not be touched, however long it stands still. */
    static Optional<String> neverDuring(String task) {
        return Optional.ofNullable(NEVER_DURING.get(task));
    }
}

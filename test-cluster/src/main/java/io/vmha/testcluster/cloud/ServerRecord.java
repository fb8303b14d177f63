package io.vmha.testcluster.cloud;

import io.vmha.testcluster.cloud.ServerSpec.VmState;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Nova's record of one server. Guarded by the {@link Region} it belongs to. */
final class ServerRecord {
    /** One entry of {@code os-instance-actions}. */
    record Action(String action, String requestId, long startMs) {}

    private static final int ACTIONS_MAX = 100;

    final String id;
    final long number;
    final String name;
    final long createdAtMs;
    final boolean volumeBacked;
    final Optional<String> requestedAz;
    final Map<String, String> metadata = new LinkedHashMap<>();
    final List<Action> actions = new ArrayList<>();
    final String projectId;

    String host; // empty before the scheduler has chosen, and when shelved and offloaded
    VmState vmState;
    Optional<String> taskState = Optional.empty();
    int powerState;
    boolean locked;
    Optional<String> lockedReason = Optional.empty();
    Optional<String> keptOn =
            Optional.empty(); // the host before a migration that nobody has confirmed: its domain is there still
    Optional<String> fault = Optional.empty();
    long updatedAtMs;
    Optional<Long> launchedAtMs;
    Optional<Rebuild> rebuild = Optional.empty();
    boolean stoppedBefore; // before the cold migration that waits to be confirmed

    ServerRecord(long number, ServerSpec spec, String projectId, long nowMs) {
        this.number = number;
        this.id = spec.id();
        this.name = spec.name();
        this.host = spec.vmState() == VmState.SHELVED_OFFLOADED ? "" : spec.host();
        this.vmState = spec.vmState();
        this.powerState = spec.vmState().power();
        this.locked = spec.locked();
        this.volumeBacked = spec.volumeBacked();
        this.requestedAz = spec.az();
        this.metadata.putAll(spec.metadata());
        this.projectId = projectId;
        this.createdAtMs = nowMs;
        this.updatedAtMs = nowMs;
        this.launchedAtMs = vmState == VmState.BUILDING ? Optional.empty() : Optional.of(nowMs);
    }

    /** What the API calls its status: nova api/openstack/common.py, status_from_state. */
    String status() {
        String task = taskState.orElse("");
        if (task.startsWith("rebuil")
                && (vmState == VmState.ACTIVE || vmState == VmState.STOPPED || vmState == VmState.ERROR)) {
            return "REBUILD";
        }
        if (vmState == VmState.ACTIVE && task.startsWith("reboot_") && task.endsWith("_hard")) {
            return "HARD_REBOOT";
        }
        return vmState.status();
    }

    void task(String state, long nowMs) {
        taskState = Optional.of(state);
        updatedAtMs = nowMs;
    }

    void settle(VmState state, long nowMs) {
        vmState = state;
        powerState = state.power();
        taskState = Optional.empty();
        updatedAtMs = nowMs;
    }

    void note(String action, String requestId, long nowMs) {
        if (actions.size() < ACTIONS_MAX) {
            actions.add(0, new Action(action, requestId, nowMs));
        }
    }
}

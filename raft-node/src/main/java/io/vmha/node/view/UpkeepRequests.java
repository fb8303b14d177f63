package io.vmha.node.view;

import io.vmha.recovery.core.Drain;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.ServerId;
import java.util.concurrent.CompletableFuture;

/** What operators ask for hosts that live and their VMs. As {@link NodeRequests}: each becomes a committed command or a refusal. */
public interface UpkeepRequests {
    /**
     * Empties a host: disables it in Nova and migrates its VMs away.
     *
     * @param force even if Nova's other hosts do not seem to have the memory for it
     */
    CompletableFuture<NodeRequests.Answer> drain(HostName host, Drain.Order asked, boolean force);

    /** Takes a drain back: moves nothing more, and enables the host if the drain had disabled it. */
    CompletableFuture<NodeRequests.Answer> undrain(HostName host, String person);

    /** Has a VM that died too often treated as any other again. */
    CompletableFuture<NodeRequests.Answer> releaseVm(ServerId vm, String person);

    /** Cuts the power of a host in maintenance for a rehearsal. */
    CompletableFuture<NodeRequests.Answer> drill(HostName host, ServerId canary, String person);
}

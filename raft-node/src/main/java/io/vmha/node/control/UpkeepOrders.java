package io.vmha.node.control;

import io.vmha.node.view.NodeRequests.Answer;
import io.vmha.recovery.core.BmcStatement;
import io.vmha.recovery.core.Command;
import io.vmha.recovery.core.ComputeService;
import io.vmha.recovery.core.Drain;
import io.vmha.recovery.core.DrainCommand;
import io.vmha.recovery.core.DrillCommand;
import io.vmha.recovery.core.Fencer;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.InstanceCommand;
import io.vmha.recovery.core.Operations;
import io.vmha.recovery.core.PowerState;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.Server;
import io.vmha.recovery.core.ServerId;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.BiFunction;

/** What operators want done on hosts that live. What only Nova or a BMC knows is looked at here first; what the group knows, when it applies the command. */
final class UpkeepOrders {
    private final Operations nova;
    private final Fencer fencer;
    private final BiFunction<Command, String, Answer> committed;

    /** @param committed commits a command; answers with the given sentence, or with the refusal */
    UpkeepOrders(Operations nova, Fencer fencer, BiFunction<Command, String, Answer> committed) {
        this.nova = nova;
        this.fencer = fencer;
        this.committed = committed;
    }

    Answer drain(RecoveryState state, HostName host, Drain.Order asked, boolean force) {
        Optional<String> stranger = whyUnknown(state, host);
        if (stranger.isPresent()) {
            return new Answer(409, stranger.get());
        }
        List<Server> servers = nova.serversOn(host);
        Optional<String> full = force ? Optional.empty() : whyNoRoom(state, host, servers);
        return full.map(why -> new Answer(409, why + "; vmha host drain " + host + " --force begins all the same"))
                .orElseGet(() -> committed.apply(
                        new DrainCommand.BeginDrain(System.currentTimeMillis(), host, asked),
                        host + " is being drained of " + vms(servers.size()) + ", " + asked.parallel() + " at a time"));
    }

    /** Why nothing can be done to a host that is not of this AZ, before Nova or a BMC is asked; empty if it is, or nothing is known yet. */
    static Optional<String> whyUnknown(RecoveryState state, HostName host) {
        return state.hosts().isEmpty() || state.hosts().containsKey(host)
                ? Optional.empty()
                : Optional.of("host " + host + " is not in this AZ; its hosts are "
                        + state.hosts().keySet());
    }

    static String vms(long count) {
        return count == 1 ? "1 VM" : count + " VMs";
    }

    private Optional<String> whyNoRoom(RecoveryState state, HostName host, List<Server> servers) {
        List<ComputeService> services = nova.computeServices();
        Optional<ComputeService> own =
                services.stream().filter(s -> s.host().equals(host)).findFirst();
        if (!own.map(ComputeService::up).orElse(false)) {
            return Optional.of("the nova-compute of " + host + " is not up, and only it can send VMs away");
        }
        List<HostName> targets = services.stream()
                .filter(s -> s.up() && s.enabled() && !s.forcedDown())
                .map(ComputeService::host)
                .filter(h -> !h.equals(host) && state.hosts().containsKey(h))
                .toList();
        if (targets.isEmpty()) {
            return Optional.of("Nova has no other host of the AZ up and enabled: there is nowhere to go");
        }
        long wanted = servers.stream().mapToLong(s -> s.traits().memoryMb()).sum();
        Optional<SortedMap<HostName, Long>> free = nova.freeMemoryMb();
        long there = free.map(f -> targets.stream()
                        .mapToLong(h -> Math.max(0, f.getOrDefault(h, 0L)))
                        .sum())
                .orElse(Long.MAX_VALUE);
        return wanted <= there
                ? Optional.empty()
                : Optional.of("the VMs of " + host + " need " + wanted + " MiB and " + targets + " have " + there
                        + " MiB free");
    }

    Answer undrain(RecoveryState state, HostName host, String person) {
        return whyUnknown(state, host)
                .map(why -> new Answer(409, why))
                .orElseGet(() -> committed.apply(
                        new DrainCommand.UndoDrain(System.currentTimeMillis(), host, person),
                        "the drain of " + host + " is taken back; what was moved stays where it is"));
    }

    Answer releaseVm(ServerId vm, String person) {
        return committed.apply(
                new InstanceCommand.ReleaseVm(System.currentTimeMillis(), vm, person),
                "VM " + vm + " is treated as any other again");
    }

    Answer drill(RecoveryState state, Optional<String> leader, HostName host, ServerId canary, String person) {
        Optional<String> stranger = whyUnknown(state, host);
        if (stranger.isPresent()) {
            return new Answer(409, stranger.get());
        }
        if (leader.equals(Optional.of(host.value()))) {
            return new Answer(
                    409, host + " leads and would cut its own power; restart its vmhad, so that another one leads");
        }
        if (!fencer.isConfigured(host)) {
            return new Answer(404, "host " + host + " has no fence device; a drill cuts its power");
        }
        BmcStatement said = fencer.status(host);
        if (said.power() != PowerState.ON || !said.identityMatches()) {
            return new Answer(409, "the fence device of " + host + " does not say that it has power: " + said.detail());
        }
        List<Server> servers = nova.serversOn(host);
        Optional<Server> there =
                servers.stream().filter(s -> s.id().equals(canary)).findFirst();
        if (!there.map(s -> s.vmState().equals("active") && s.taskState().isEmpty())
                .orElse(false)) {
            return new Answer(
                    409,
                    "the canary " + canary + " is not active on " + host + "; start one there: openstack server create"
                            + " --availability-zone AZ:" + host + " ...");
        }
        boolean room = nova.computeServices().stream()
                .anyMatch(s -> s.up() && s.enabled() && !s.host().equals(host));
        if (!room) {
            return new Answer(409, "Nova has no other host up and enabled: the canary could not come back");
        }
        return committed.apply(
                new DrillCommand.BeginDrill(
                        System.currentTimeMillis(),
                        host,
                        canary,
                        person,
                        servers.stream().map(Server::id).toList()),
                "the drill has begun: the power of " + host + " is cut now; vmha drill list shows how it goes");
    }
}

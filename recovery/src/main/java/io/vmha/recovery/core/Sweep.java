package io.vmha.recovery.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a host in quarantine must not keep (S11): every guest whose VM lives elsewhere now. What the group has committed counts first; what
 * it does not know, Nova does. A guest that neither knows is not Nova's and stays.
 *
 * @param stale the guests to destroy
 * @param kept the others
 */
public record Sweep(List<Hypervisor.Domain> stale, List<Hypervisor.Domain> kept) {
    public Sweep {
        stale = List.copyOf(stale);
        kept = List.copyOf(kept);
    }

    /** Where Nova has a VM; empty if Nova does not know it. Throws {@link ComputeException} if Nova cannot be asked. */
    public interface Homes {
        Optional<HostName> homeOf(ServerId id);
    }

    /** Looks at every guest of a host that was certified dead. */
    public static Sweep of(RecoveryState state, HostName self, List<Hypervisor.Domain> domains, Homes homes) {
        var stale = new ArrayList<Hypervisor.Domain>();
        var kept = new ArrayList<Hypervisor.Domain>();
        for (Hypervisor.Domain domain : domains) {
            (isStale(state, self, domain.id(), homes) ? stale : kept).add(domain);
        }
        return new Sweep(stale, kept);
    }

    private static boolean isStale(RecoveryState state, HostName self, ServerId id, Homes homes) {
        boolean recovered = state.incidents().values().stream()
                .map(i -> i.hosts().get(self))
                .filter(host ->
                        host != null && host.epoch() == state.hosts().get(self).epoch())
                .map(host -> host.vms().get(id))
                .anyMatch(vm -> vm != null && isRecovered(vm));
        return recovered || homes.homeOf(id).map(home -> !home.equals(self)).orElse(false);
    }

    /**
     * The VMs, by name, whose live migration was under way when this host died, and that Nova still has on it: they may run on their targets, and
     * a nova-compute that starts here takes them for its own (manager.py, _init_instance).
     */
    public static List<String> migrating(RecoveryState state, HostName self, Homes homes) {
        long epoch = state.hosts().get(self).epoch();
        var names = new ArrayList<String>();
        for (Incident incident : state.incidents().values()) {
            HostRecovery host = incident.hosts().get(self);
            if (host != null && host.epoch() == epoch) {
                host.vms().values().stream()
                        .filter(vm ->
                                isLeftMigrating(vm) && homes.homeOf(vm.server()).equals(Optional.of(self)))
                        .forEach(vm -> names.add(vm.brief().name()));
            }
        }
        return names;
    }

    private static boolean isLeftMigrating(VmRecovery vm) {
        return vm.brief().staleTask().equals(Optional.of("migrating"))
                && vm.ending().map(e -> e.kind() == Ending.Kind.LEFT).orElse(false);
    }

    private static boolean isRecovered(VmRecovery vm) {
        return vm.ending().map(e -> e.kind() == Ending.Kind.RECOVERED).orElse(false);
    }
}

package io.vmha.node;

import io.vmha.node.config.VmhadConfig;
import io.vmha.node.control.Clocks;
import io.vmha.node.control.ControlLoop;
import io.vmha.node.control.PeerBook;
import io.vmha.node.control.Renewals;
import io.vmha.node.control.ViewBuilder;
import io.vmha.node.group.GroupMachine;
import io.vmha.node.observe.Observatory;
import io.vmha.proto.v1.FindingNote;
import io.vmha.proto.v1.Observe;
import io.vmha.proto.v1.PeerReply;
import io.vmha.proto.v1.Renew;
import io.vmha.recovery.core.Finding;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.HostRecord;
import io.vmha.recovery.core.Sighting;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * The wiring of the observation: what this host sees goes out with its renewals, what other observers tell goes to the control loop, what a
 * leader finds goes back to everybody.
 */
final class Lookout implements AutoCloseable, Observatory.Listener, GroupMachine.Witness {
    private final Observatory observatory;
    private final ControlLoop loop;
    /** Renewals arrive before this node sends any of its own. */
    private volatile Renewals renewals;

    Lookout(VmhadConfig config, ControlLoop loop) {
        this.loop = loop;
        this.observatory = new Observatory(config.host(), config.clusterIp(), Clocks::nowMs, this);
        loop.onFindings(observatory::onFindings);
    }

    void start(Renewals itsRenewals, GroupMachine machine) {
        renewals = itsRenewals;
        machine.witness(this);
        observatory.start();
    }

    /** The hosts that observe each other are those that run VMs. */
    void know(ViewBuilder view, PeerBook peers) {
        List<HostName> inService = view.state().hosts().values().stream()
                .filter(h -> h.status() == HostRecord.Status.IN_SERVICE)
                .map(HostRecord::host)
                .toList();
        observatory.know(inService, peers.ports());
    }

    void sign(Renew.Builder renewal) {
        observatory.sign(renewal);
    }

    /** How many hosts are silent in which way, as the leader has last said. */
    Map<String, Double> gauges(List<FindingNote> findings) {
        var gauges = new TreeMap<String, Double>();
        for (Finding.Kind kind : Finding.Kind.values()) {
            gauges.put(gauge(kind.name()), 0.0);
        }
        findings.forEach(f -> gauges.merge(gauge(f.getKind()), 1.0, Double::sum));
        gauges.put("observed_silent", (double) observatory.silent().size());
        return gauges;
    }

    private static String gauge(String kind) {
        return "hosts_" + kind.toLowerCase(Locale.ROOT);
    }

    @Override
    public void onChange() {
        if (renewals != null) {
            renewals.hurry();
        }
    }

    @Override
    public void onTold(List<Sighting> sightings) {
        loop.onSightings(sightings);
    }

    @Override
    public void onRenewal(HostName host, Renew renewal, PeerReply.Builder reply) {
        observatory.onRenewal(host, renewal);
        reply.addAllFindings(observatory.findings());
    }

    @Override
    public void observe(Observe question, PeerReply.Builder reply) {
        observatory.answer(question, reply);
    }

    @Override
    public void close() {
        observatory.close();
    }
}

package io.vmha.node.http;

import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.PrometheusNaming;
import io.vmha.node.view.NodeView;
import io.vmha.recovery.core.AzSettings;
import io.vmha.recovery.core.Ending;
import io.vmha.recovery.core.FallenVm;
import io.vmha.recovery.core.HostRecord;
import io.vmha.recovery.core.Incident;
import io.vmha.recovery.core.IncidentReport;
import io.vmha.recovery.core.RecoveryState;
import io.vmha.recovery.core.VmRecovery;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Supplier;

/** The view in numbers, in Prometheus' text format. Nothing is counted between scrapes: every number is taken from the newest view. */
final class Metrics {
    static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;
    private static final PrometheusTextFormatWriter WRITER = PrometheusTextFormatWriter.create();
    private static final double[] SECONDS = {1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, Double.POSITIVE_INFINITY};
    private static final List<String> MEMBER_STATUS = List.of("none", "alive", "leaving", "left", "failed");
    private static final int EXTRA_MAX = 200;

    private final Supplier<NodeView> view;
    private final Supplier<Map<String, Double>> extra;

    Metrics(Supplier<NodeView> view, Supplier<Map<String, Double>> extra) {
        this.view = view;
        this.extra = extra;
    }

    byte[] scrape() {
        var out = new ByteArrayOutputStream();
        try {
            WRITER.write(out, snapshots(), EscapingScheme.DEFAULT);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory does not fail to be written to
        }
        return out.toByteArray();
    }

    private MetricSnapshots snapshots() {
        NodeView now = view.get();
        var all = MetricSnapshots.builder();
        group(all, now);
        now.state().ifPresent(state -> recovery(all, state));
        extra.get().entrySet().stream()
                .limit(EXTRA_MAX)
                .forEach(e -> all.metricSnapshot(gauge(
                        PrometheusNaming.sanitizeMetricName("vmha_" + e.getKey()),
                        "From the daemon's parts",
                        e.getValue())));
        return all.build();
    }

    private static void group(MetricSnapshots.Builder all, NodeView now) {
        all.metricSnapshot(gauge(
                "vmha_leader_known",
                "1 if this node knows a leader",
                now.leader().isPresent() ? 1 : 0));
        all.metricSnapshot(gauge(
                "vmha_is_leader", "1 if this node leads its group", now.role().equals("leader") ? 1 : 0));
        all.metricSnapshot(gauge(
                "vmha_lease_remaining_seconds",
                "How long this host's lease still holds; 0 without one",
                now.lease().remainingMs() / 1000.0));
        all.metricSnapshot(gauge(
                "vmha_guard_armed",
                "1 if this host's guard answers its self-test",
                now.lease().armed() ? 1 : 0));
        all.metricSnapshot(gauge("vmha_raft_term", "The Raft term this node knows of", now.term()));
        all.metricSnapshot(
                gauge("vmha_raft_voters", "Voters of the group", now.voters().size()));
        all.metricSnapshot(gauge(
                "vmha_troubles",
                "Sentences that a person should read, see /v1/leader",
                now.trouble().size()));
        now.stateAgeMs()
                .ifPresent(age -> all.metricSnapshot(
                        gauge("vmha_state_age_seconds", "How old this node's copy of the state may be", age / 1000.0)));
        var members = new TreeMap<String, Double>();
        MEMBER_STATUS.subList(1, MEMBER_STATUS.size()).forEach(s -> members.put(s, 0.0));
        now.members().forEach(m -> members.merge(memberStatus(m.status()), 1.0, Double::sum));
        all.metricSnapshot(gauges("vmha_members", "Members of the gossip pool", "status", members));
        all.metricSnapshot(gauge(
                "vmha_members_suspect",
                "Members whose probes go unanswered now",
                now.members().stream().filter(NodeView.PoolMember::suspect).count()));
    }

    private static String memberStatus(int status) {
        return MEMBER_STATUS.get(status >= 0 && status < MEMBER_STATUS.size() ? status : 0);
    }

    private static void recovery(MetricSnapshots.Builder all, RecoveryState state) {
        all.metricSnapshot(gauge(
                "vmha_raft_applied_index",
                "The log index this node has applied",
                state.applied().index()));
        all.metricSnapshot(gauge("vmha_az_enabled", "1 if HA is enabled for the AZ", state.isEnabled() ? 1 : 0));
        all.metricSnapshot(gauge(
                "vmha_az_armed",
                "1 if incidents are acted upon without a person",
                state.az().map(AzSettings::armed).orElse(false) ? 1 : 0));
        var hosts = new TreeMap<String, Double>();
        for (HostRecord.Status status : HostRecord.Status.values()) {
            hosts.put(lower(status), 0.0);
        }
        state.hosts().values().forEach(h -> hosts.merge(lower(h.status()), 1.0, Double::sum));
        all.metricSnapshot(gauges("vmha_hosts", "Hosts of the AZ", "status", hosts));
        all.metricSnapshot(gauge(
                "vmha_hosts_in_maintenance",
                "Hosts that an operator works on",
                state.hosts().values().stream().filter(HostRecord::maintenance).count()));
        var fallen = new TreeMap<String, Double>();
        for (FallenVm.Phase phase : FallenVm.Phase.values()) {
            fallen.put(lower(phase), 0.0);
        }
        state.upkeep().fallen().values().forEach(vm -> fallen.merge(lower(vm.phase()), 1.0, Double::sum));
        all.metricSnapshot(gauges(
                "vmha_vms_fallen",
                "VMs that died on hosts that live; quarantined ones need attention",
                "phase",
                fallen));
        all.metricSnapshot(gauge(
                "vmha_computes_down",
                "Hosts that live and whose nova-compute is down",
                state.upkeep().outages().size()));
        var phases = new TreeMap<String, Double>();
        for (Incident.Phase phase : Incident.Phase.values()) {
            phases.put(lower(phase), 0.0);
        }
        state.incidents().values().forEach(i -> phases.merge(lower(i.phase()), 1.0, Double::sum));
        all.metricSnapshot(gauges(
                "vmha_incidents", "Incidents that are kept; held and open ones need attention", "phase", phases));
        all.metricSnapshot(gauges("vmha_vms", "VMs of the incidents that are kept", "ending", endings(state)));
        if (!state.incidents().isEmpty()) {
            lastIncident(all, state.incidents().get(state.incidents().lastKey()));
        }
    }

    private static Map<String, Double> endings(RecoveryState state) {
        var endings = new TreeMap<String, Double>();
        for (Ending.Kind kind : Ending.Kind.values()) {
            endings.put(lower(kind), 0.0);
        }
        endings.put("under_way", 0.0);
        state.incidents().values().stream()
                .flatMap(i -> i.hosts().values().stream())
                .flatMap(h -> h.vms().values().stream())
                .forEach(vm ->
                        endings.merge(vm.ending().map(e -> lower(e.kind())).orElse("under_way"), 1.0, Double::sum));
        return endings;
    }

    private static void lastIncident(MetricSnapshots.Builder all, Incident incident) {
        IncidentReport report = IncidentReport.of(incident);
        all.metricSnapshot(gauge(
                "vmha_last_incident_id",
                "The number of the newest incident",
                incident.id().value()));
        var stages = new TreeMap<String, Double>();
        put(stages, "certificate", report.certificateMs());
        put(stages, "confirmed", report.confirmedMs());
        put(stages, "forced_down", report.forcedDownMs());
        put(stages, "planned", report.plannedMs());
        put(stages, "first_call", report.firstCallMs());
        put(stages, "last_ended", report.lastEndedMs());
        put(stages, "closed", report.closedMs());
        if (!stages.isEmpty()) {
            all.metricSnapshot(gauges(
                    "vmha_last_incident_stage_seconds",
                    "From the newest incident's declaration to the stage",
                    "stage",
                    stages));
        }
        var called = incident.hosts().values().stream()
                .flatMap(h -> h.vms().values().stream())
                .filter(vm -> vm.requestedAtMs() > 0)
                .toList();
        long from = incident.openedAtMs();
        var stage = HistogramSnapshot.builder()
                .name("vmha_last_incident_vm_seconds")
                .help("From the newest incident's declaration to a VM's last evacuate call and to its ending")
                .gaugeHistogram(true);
        stage.dataPoint(histogram(
                "called",
                called.stream()
                        .mapToLong(VmRecovery::requestedAtMs)
                        .map(at -> at - from)
                        .toArray()));
        stage.dataPoint(histogram(
                "ended",
                called.stream()
                        .filter(VmRecovery::hasEnded)
                        .mapToLong(VmRecovery::endedAtMs)
                        .map(at -> at - from)
                        .toArray()));
        all.metricSnapshot(stage.build());
    }

    private static HistogramDataPointSnapshot histogram(String stage, long[] millis) {
        var buckets = ClassicHistogramBuckets.builder();
        double sum = 0;
        double below = Double.NEGATIVE_INFINITY;
        for (double upper : SECONDS) {
            long count = 0;
            for (long ms : millis) {
                count += ms / 1000.0 > below && ms / 1000.0 <= upper ? 1 : 0;
            }
            buckets.bucket(upper, count);
            below = upper;
        }
        for (long ms : millis) {
            sum += ms / 1000.0;
        }
        return HistogramDataPointSnapshot.builder()
                .labels(Labels.of("stage", stage))
                .classicHistogramBuckets(buckets.build())
                .sum(sum)
                .build();
    }

    private static void put(Map<String, Double> stages, String stage, OptionalLong ms) {
        ms.ifPresent(value -> stages.put(stage, value / 1000.0));
    }

    private static GaugeSnapshot gauge(String name, String help, long count) {
        return gauge(name, help, (double) count); // exact up to 2^53
    }

    private static GaugeSnapshot gauge(String name, String help, double value) {
        return GaugeSnapshot.builder()
                .name(name)
                .help(help)
                .dataPoint(GaugeDataPointSnapshot.builder().value(value).build())
                .build();
    }

    private static GaugeSnapshot gauges(String name, String help, String label, Map<String, Double> values) {
        var gauge = GaugeSnapshot.builder().name(name).help(help);
        values.forEach((key, value) -> gauge.dataPoint(GaugeDataPointSnapshot.builder()
                .labels(Labels.of(label, key))
                .value(value)
                .build()));
        return gauge.build();
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}

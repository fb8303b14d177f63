package io.vmha.testcluster.faults.nemesis;

import io.vmha.testcluster.faults.lab.LabHost;
import io.vmha.testcluster.faults.lab.Net;
import io.vmha.testcluster.faults.lab.Network;
import io.vmha.testcluster.faults.lab.NovaProxy;
import io.vmha.testcluster.faults.lab.NovaProxy.Rule;
import io.vmha.testcluster.faults.lab.NovaProxy.Service;
import io.vmha.testcluster.faults.lab.NovaProxy.Trouble;
import io.vmha.testcluster.faults.lab.TestBed;
import java.time.Duration;
import java.util.List;

/** Keystone and Nova: slow, failing, gone, or silent after they have done what they were asked. */
final class CloudFaults {
    private static final int PROBES = 16;

    private CloudFaults() {}

    static List<Nemesis> all() {
        return List.of(
                new Nemesis(
                        "nova-slow",
                        Family.CLOUD,
                        "every answer of Nova comes 0.5 to 6 s late",
                        8_000,
                        25_000,
                        CloudFaults::slow),
                new Nemesis(
                        "nova-errors",
                        Family.CLOUD,
                        "half of Nova's answers are 500 or 503",
                        8_000,
                        25_000,
                        CloudFaults::errors),
                new Nemesis(
                        "nova-reset-after",
                        Family.CLOUD,
                        "half of the calls to Nova are done, but their answers are lost",
                        8_000,
                        25_000,
                        CloudFaults::resetAfter),
                new Nemesis(
                        "nova-down", Family.CLOUD, "Nova is gone", 6_000, 25_000, stage -> down(stage, Service.NOVA)),
                new Nemesis(
                        "keystone-down",
                        Family.CLOUD,
                        "Keystone is gone; tokens that were given out are still good",
                        6_000,
                        25_000,
                        stage -> down(stage, Service.KEYSTONE)),
                new Nemesis(
                        "tokens-expire",
                        Family.CLOUD,
                        "every token is refused from now on; new ones are given out",
                        6_000,
                        12_000,
                        CloudFaults::expire),
                new Nemesis(
                        "compute-down",
                        Family.CLOUD,
                        "the nova-compute of a host is dead, its guests are not",
                        5_000,
                        25_000,
                        CloudFaults::computeDown));
    }

    private static Fault slow(Stage stage) {
        Duration late = Duration.ofMillis(stage.between(500, 6_000));
        return troubled(stage, late.toMillis() + " ms late", new Rule(Trouble.SLOW, Service.NOVA, 1, late));
    }

    private static Fault errors(Stage stage) {
        Trouble kind = stage.dice().nextBoolean() ? Trouble.ERROR : Trouble.UNAVAILABLE;
        return troubled(stage, "half of the answers: " + kind, new Rule(kind, Service.NOVA, 0.5, Duration.ZERO));
    }

    private static Fault resetAfter(Stage stage) {
        return troubled(
                stage, "half of the answers are lost", new Rule(Trouble.RESET_AFTER, Service.NOVA, 0.5, Duration.ZERO));
    }

    private static Fault down(Stage stage, Service service) {
        return troubled(stage, service + " is gone", new Rule(Trouble.RESET_BEFORE, service, 1, Duration.ZERO));
    }

    private static Fault troubled(Stage stage, String detail, Rule rule) {
        NovaProxy proxy = stage.bed().proxy();
        String name = stage.fresh("cloud");
        proxy.trouble(name, rule);
        if (rule.service() == Service.KEYSTONE) {
            stage.bed().expireTokens(); // or nobody would ask for one
        }
        return new Fault(detail, List.of())
                .shownBy(() -> {
                    long own = proxy.met(name);
                    if (own == 0) {
                        probe(stage.bed(), rule.service(), "");
                    }
                    return ProcessFaults.proof(
                            proxy.met(name) > 0,
                            own > 0 ? own + " calls met" : "no daemon called meanwhile, but a probe was met");
                })
                .healedBy(() -> proxy.end(name));
    }

    /** Nobody may have had a reason to call meanwhile: so many calls from a host that a share of one half cannot miss them all. */
    private static void probe(TestBed bed, Service service, String token) {
        String url = "http://" + Network.up(Net.API) + ":" + NovaProxy.PORT
                + (service == Service.KEYSTONE ? "/v3" : "/v2.1");
        bed.living().stream()
                .findFirst()
                .ifPresent(host -> ProcessFaults.ask(
                        bed,
                        host,
                        "python3",
                        "-S",
                        "-c",
                        "import urllib.request as u\n"
                                + "for i in range(" + PROBES + "):\n"
                                + " try: u.urlopen(u.Request('" + url + "',headers={'X-Auth-Token':'" + token
                                + "'}),timeout=0.3)\n"
                                + " except OSError: pass"));
    }

    private static Fault expire(Stage stage) {
        TestBed bed = stage.bed();
        long before = bed.tokensRefused();
        String old = bed.proxy().newestToken();
        bed.expireTokens();
        return new Fault("every token refused", List.of()).shownBy(() -> {
            long own = bed.tokensRefused() - before;
            if (own == 0) {
                probe(bed, Service.NOVA, old);
            }
            return ProcessFaults.proof(
                    !old.isEmpty() && bed.tokensRefused() > before,
                    own > 0
                            ? own + " calls answered 401"
                            : "no daemon called meanwhile, but a probe with a token given out before was answered 401");
        });
    }

    private static Fault computeDown(Stage stage) {
        List<LabHost> targets = stage.hosts(1);
        TestBed bed = stage.bed();
        targets.forEach(bed::killCompute);
        return new Fault("nova-compute killed", targets)
                .shownBy(() -> ProcessFaults.proof(
                        targets.stream().noneMatch(bed::computeIsHeard), "nothing is heard of it on the bus"))
                .healedBy(() -> targets.forEach(bed::restartCompute));
    }
}
